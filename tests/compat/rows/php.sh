# program: php
# packages: php-cli
# version: php --version
# does: arrays, strings, preg, json, an uncaught exception
run() {
	USE_ZEND_ALLOC=0 php -n -r '$m = []; for ($i = 0; $i < 60000; $i++) { $m["k" . $i % 3000][] = str_repeat("v$i", 3); }
	ksort($m); echo count($m), " ", strlen(json_encode($m)), " ", preg_match_all("/v\d+/", $m["k7"][0]), "\n"; throw new Exception("enough");'
}
