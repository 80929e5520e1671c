/*
 * audit_release - what a library gave out, and the call that takes it back
 *
 * Names are patterns of fnmatch(). Those that libc runs in place of the documented one
 * (`__fopen_internal`, `_IO_vasprintf`) lose their underscores and what follows first.
 */
#include "analyzer/audit/audit_release.h"
#include "analyzer/views/wrapper_name.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define FRAMES_MAX 24u /* between the allocator and the culprit */

/* inner: what the library runs for it where its own frame is not on the stack, since it
 * ended in a jump, or what it allocates on first use. */
static const struct {
	const char *made_by, *by, *inner;
} pairs[] = {
	/* libc */
	{ "fopen|fdopen|freopen|fopencookie|fmemopen|tmpfile", "fclose()",
	  "file_doallocate" },
	{ "open_memstream", "fclose(), and free() of the text", "mem_finish|mem_sync" },
	{ "popen", "pclose()", "proc_open" },
	{ "opendir|fdopendir", "closedir()", "opendirat|alloc_dir" },
	{ "scandir|scandirat", "free() of every entry and of the array" },
	{ "getaddrinfo", "freeaddrinfo()" },
	{ "getifaddrs", "freeifaddrs()" },
	{ "if_nameindex", "if_freenameindex()" },
	{ "regcomp", "regfree()", "re_compile|re_search|re_match|regexec" },
	{ "glob", "globfree()" },
	{ "wordexp", "wordfree()" },
	{ "dlopen|dlmopen", "dlclose()" },
	{ "newlocale|duplocale", "freelocale()" },
	{ "iconv_open", "iconv_close()" },
	{ "fts_open", "fts_close()" },
	{ "hcreate|hcreate_r", "hdestroy()" },
	{ "tsearch", "tdelete(), or tdestroy() of the tree" },
	{ "timer_create", "timer_delete()" },
	{ "sem_open", "sem_close()" },
	{ "posix_spawn_file_actions_*", "posix_spawn_file_actions_destroy()" },
	{ "setenv|putenv", "nothing: libc keeps each value that a variable ever had",
	  "add_to_environ" },
	/* compression */
	{ "deflateInit*|deflateCopy", "deflateEnd()" },
	{ "inflateInit*|inflateBackInit*|inflateCopy", "inflateEnd()" },
	{ "gzopen*|gzdopen", "gzclose()", "gz_open|gzread|gzwrite|gzgets|gzputs" },
	{ "BZ2_bzCompressInit", "BZ2_bzCompressEnd()" },
	{ "BZ2_bzDecompressInit", "BZ2_bzDecompressEnd()" },
	{ "lzma_*_encoder|lzma_*_decoder|lzma_*coder_mt", "lzma_end()" },
	{ "ZSTD_createCCtx*|ZSTD_createCStream*", "ZSTD_freeCCtx()" },
	{ "ZSTD_createDCtx*|ZSTD_createDStream*", "ZSTD_freeDCtx()" },
	{ "archive_read_new", "archive_read_free()" },
	{ "archive_write_new", "archive_write_free()" },
	/* databases */
	{ "sqlite3_prepare*", "sqlite3_finalize()" },
	{ "sqlite3_open*", "sqlite3_close()" },
	{ "sqlite3_get_table", "sqlite3_free_table()" },
	{ "sqlite3_mprintf|sqlite3_vmprintf|sqlite3_serialize", "sqlite3_free()" },
	{ "sqlite3_backup_init", "sqlite3_backup_finish()" },
	{ "sqlite3_blob_open", "sqlite3_blob_close()" },
	{ "PQconnect*", "PQfinish()" },
	{ "PQexec*|PQgetResult|PQprepare|PQmakeEmptyPGresult", "PQclear()" },
	{ "PQescapeLiteral|PQescapeIdentifier", "PQfreemem()" },
	{ "mysql_init|mysql_real_connect", "mysql_close()" },
	{ "mysql_store_result|mysql_use_result", "mysql_free_result()" },
	{ "mysql_stmt_init", "mysql_stmt_close()" },
	{ "redisConnect*", "redisFree()" },
	{ "redisCommand*|redisGetReply|redisvCommand", "freeReplyObject()" },
	/* the network */
	{ "curl_easy_init|curl_easy_duphandle", "curl_easy_cleanup()" },
	{ "curl_multi_init", "curl_multi_cleanup()" },
	{ "curl_slist_append", "curl_slist_free_all()" },
	{ "curl_easy_escape|curl_easy_unescape", "curl_free()" },
	{ "curl_url", "curl_url_cleanup()" },
	{ "curl_mime_init", "curl_mime_free()" },
	{ "rd_kafka_new", "rd_kafka_destroy()" },
	{ "rd_kafka_topic_new", "rd_kafka_topic_destroy()" },
	{ "rd_kafka_consumer_poll|rd_kafka_consume", "rd_kafka_message_destroy()" },
	{ "MHD_create_response_*", "MHD_destroy_response()" },
	{ "BIO_new*", "BIO_free_all()" },
	{ "PEM_read_*PrivateKey|PEM_read_*PUBKEY|d2i_*PrivateKey|d2i_PUBKEY*",
	  "EVP_PKEY_free()" },
	{ "PEM_read_*X509|d2i_X509*", "X509_free()" },
	/* texts */
	{ "xmlReadMemory|xmlReadFile|xmlReadDoc|xmlParseMemory|xmlParseFile|xmlParseDoc|"
	  "xmlNewDoc|htmlReadMemory|htmlReadFile",
	  "xmlFreeDoc()" },
	{ "xmlXPathEval*", "xmlXPathFreeObject()" },
	{ "xmlXPathNewContext", "xmlXPathFreeContext()" },
	{ "xmlNodeGetContent|xmlGetProp|xmlNodeListGetString", "xmlFree()" },
	{ "XML_ParserCreate*", "XML_ParserFree()" },
	{ "json_loads|json_loadb|json_loadf|json_load_file|json_pack*|json_object|"
	  "json_array|json_string*|json_integer|json_deep_copy|json_copy",
	  "json_decref()" },
	{ "json_tokener_parse*|json_object_new_*", "json_object_put()" },
	{ "cJSON_Parse*|cJSON_Create*|cJSON_Duplicate", "cJSON_Delete()" },
	{ "cJSON_Print*", "cJSON_free()" },
	{ "yaml_parser_initialize", "yaml_parser_delete()" },
	{ "pcre2_compile*", "pcre2_code_free()" },
	{ "pcre2_match_data_create*", "pcre2_match_data_free()" },
	{ "pcre_compile*|pcre_study", "pcre_free()" },
	{ "g_object_new*", "g_object_unref()" },
	{ "g_hash_table_new*", "g_hash_table_unref()" },
	{ "g_strdup*|g_strconcat|g_strsplit|g_malloc*|g_new*", "g_free()" },
	{ "Py*_New*|Py*_From*|PyObject_Call*|Py_BuildValue|PyObject_GetAttr*",
	  "Py_DECREF()" },
};

/* Plain memory, of which nothing but free() is wanted. */
static const char texts[] = "strdup|strndup|asprintf|vasprintf|getline|getdelim|"
			    "realpath|realpath_stk|getcwd|get_current_dir_name|"
			    "canonicalize_file_name|wcsdup|strdupa|iogetdelim";

/* `__fopen_internal` and `_IO_new_fopen@@GLIBC_2.2` are fopen. */
static void plain(const char *function, char *name, size_t room)
{
	static const char *const heads[] = { "_", "IO_", "new_", "GI_", "libc_" };
	static const char *const tails[] = { "_internal", "_chk", "_tail", "64" };
	size_t length;

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]);)
		if (strncmp(function, heads[i], strlen(heads[i])) == 0) {
			function += strlen(heads[i]);
			i = 0;
		} else {
			i++;
		}
	length = strcspn(function, "@.(");
	length = length < room ? length : room - 1;
	memcpy(name, function, length);
	name[length] = '\0';
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		size_t tail = strlen(tails[i]);

		if (length > tail && strcmp(name + length - tail, tails[i]) == 0)
			name[length -= tail] = '\0';
	}
}

static bool is_any_of(const char *name, const char *alternatives)
{
	char one[64];

	while (*alternatives) {
		size_t length = strcspn(alternatives, "|");

		if (length < sizeof(one)) {
			memcpy(one, alternatives, length);
			one[length] = '\0';
			if (fnmatch(one, name, 0) == 0)
				return true;
		}
		alternatives += length + (alternatives[length] == '|');
	}
	return false;
}

/* EVP_MD_CTX_new and the like: EVP_MD_CTX_free. */
static bool ends_in_new(const char *name, struct audit_release *ret)
{
	size_t length = strlen(name);

	if (length < 6 || strcmp(name + length - 4, "_new") != 0)
		return false;
	snprintf(ret->by, sizeof(ret->by), "%.*s_free()", (int)(length - 4), name);
	return true;
}

bool audit_release_of_name(const char *function, struct audit_release *ret)
{
	char name[AUDIT_RELEASE_NAME];

	memset(ret, 0, sizeof(*ret));
	plain(function, name, sizeof(name));
	snprintf(ret->made_by, sizeof(ret->made_by), "%s", name);
	ret->is_text = is_any_of(name, texts);
	if (ret->is_text) {
		snprintf(ret->by, sizeof(ret->by), "free()");
		return true;
	}
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		ret->is_inner = pairs[i].inner && is_any_of(name, pairs[i].inner);
		if (!ret->is_inner && !is_any_of(name, pairs[i].made_by))
			continue;
		snprintf(ret->by, sizeof(ret->by), "%s", pairs[i].by);
		if (ret->is_inner)
			snprintf(ret->made_by, sizeof(ret->made_by), "%.*s",
				 (int)strcspn(pairs[i].made_by, "|*"), pairs[i].made_by);
		return true;
	}
	return ends_in_new(name, ret);
}

/* The frames inside of the culprit, the innermost first; 0: it is not on the stack. */
static unsigned inner_frames(const struct audit_facts *facts,
			     const struct audit_function *function, size_t stack,
			     const struct symbol *inner[FRAMES_MAX])
{
	const struct segment *segment = facts->profile->segment;
	uint32_t node = facts->profile->stacks[stack].node;
	unsigned found = 0;

	for (; node >= HR_NODE_FIRST; node = segment->nodes[node].parent) {
		unsigned count;
		const struct symbol *symbol =
			symbols_of_node(facts->symbols, node, &count);

		for (unsigned i = 0; i < count; i++) {
			if (symbol[i].function == function->symbol->function &&
			    symbol[i].module == function->symbol->module)
				return found;
			if (found == FRAMES_MAX)
				return 0;
			inner[found++] = &symbol[i];
		}
	}
	return 0;
}

static bool is_of_library(const struct symbol *symbol,
			  const struct audit_function *function)
{
	return culprit_is_runtime(symbol) ||
	       (symbol->module != function->symbol->module &&
		!(symbol->flags & HR_MODULE_MAIN));
}

/* The allocator itself, and C++'s containers, are no library that gives out objects. */
static bool is_plain_memory(const struct symbol *symbol)
{
	return (symbol->flags & (HR_MODULE_SHIM | HR_MODULE_ALLOCATOR)) ||
	       wrapper_name_is_one(symbol->function) ||
	       (culprit_is_runtime(symbol) && !(symbol->flags & HR_MODULE_LIBC));
}

/* By what the stack's frames inside of the culprit are called. */
static bool find_on_stack(const struct audit_facts *facts,
			  const struct audit_function *function, size_t stack,
			  struct audit_release *ret)
{
	const struct symbol *inner[FRAMES_MAX];
	unsigned count = inner_frames(facts, function, stack, inner);

	for (unsigned i = count; i-- > 0 && is_of_library(inner[i], function);)
		if (audit_release_of_name(inner[i]->function, ret))
			return true;
	memset(ret, 0, sizeof(*ret));
	return false;
}

/* A library's own allocation function, or copy of a text: what it gives out is plain
 * memory, but perhaps not free()'s. */
static bool is_memory_of_library(const struct symbol *symbol)
{
	return wrapper_name_is_one(symbol->function) && culprit_is_of_system(symbol) &&
	       !culprit_is_runtime(symbol) && !(symbol->flags & HR_MODULE_ALLOCATOR);
}

/* A call into a library of which nothing more is known. */
static bool is_unknown_call(const struct audit_facts *facts,
			    const struct audit_function *function, size_t stack,
			    struct audit_release *ret)
{
	const struct symbol *inner[FRAMES_MAX];
	unsigned count = inner_frames(facts, function, stack, inner);
	const struct symbol *called = count ? inner[count - 1] : NULL;

	if (!called || !is_of_library(called, function) ||
	    (called->flags & HR_MODULE_LIBC))
		return false;
	ret->is_text = is_memory_of_library(called);
	if (!ret->is_text && is_plain_memory(called))
		return false;
	/* nothing but an address: then the library's name says more */
	snprintf(ret->made_by, sizeof(ret->made_by), "%s",
		 strstr(called->function, "+0x") ? called->module : called->function);
	return true;
}

/* What an object allocates on first use is often larger than itself, so that any stack of
 * the function that grows may tell what it is. */
bool audit_release_find(const struct audit_facts *facts,
			const struct audit_function *function, size_t stack,
			struct audit_release *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (!function->symbol)
		return false;
	if (find_on_stack(facts, function, stack, ret))
		return true;
	for (size_t i = 0; i < facts->profile->stacks_count; i++)
		if (&facts->functions[facts->stacks[i].function] == function &&
		    facts->stacks[i].growth_bytes > 0 &&
		    find_on_stack(facts, function, i, ret) && !ret->is_text)
			return true;
	memset(ret, 0, sizeof(*ret));
	return is_unknown_call(facts, function, stack, ret);
}

static bool makes_such(const struct audit_facts *facts,
		       const struct audit_function *function, const char *by)
{
	struct audit_release release;

	for (size_t i = 0; i < facts->profile->stacks_count; i++)
		if (&facts->functions[facts->stacks[i].function] == function &&
		    find_on_stack(facts, function, i, &release) && !release.is_inner &&
		    strcmp(release.by, by) == 0)
			return true;
	return false;
}

const struct audit_function *audit_release_maker(const struct audit_facts *facts,
						 const struct audit_function *function,
						 size_t stack)
{
	struct audit_release release;

	if (!function->symbol || !find_on_stack(facts, function, stack, &release) ||
	    !release.is_inner || makes_such(facts, function, release.by))
		return NULL;
	for (size_t i = 0; i < facts->functions_count; i++)
		if (facts->functions[i].grows && facts->functions[i].symbol &&
		    makes_such(facts, &facts->functions[i], release.by))
			return &facts->functions[i];
	return NULL;
}
