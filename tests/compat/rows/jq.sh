# program: jq
# packages: jq
# version: jq --version
# does: a group over 60,000 objects, an error
# quick: yes
run() {
	seq 60000 | jq -c '{id: ., key: "group \(. % 97)", v: [., . * 3]}' | jq -sc 'group_by(.key) | map({k: .[0].key, n: length, s: (map(.v[1]) | add)}) | .[:2], error("enough")'
}
