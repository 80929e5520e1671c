/*
 * send_orders - orders as other producers send them: packed, keyed, in transactions
 *
 * Usage: send-orders HOST:PORT TOPIC COUNT [NAME=VALUE...]
 *   size=BYTES       of a message, filled up in its note (about 170)
 *   partitions=N     that they go to in turn (4); the topic has them
 *   tombstones=N     every Nth message has a key and no value
 *   empties=N        every Nth has a value of no bytes
 *   transaction=N    messages of a transaction
 *   abort=N          every Nth transaction is aborted
 *   bare=1           neither key nor headers
 *   escapes=1        the note is of escapes
 * Any other NAME is a setting of librdkafka, such as compression.type or batch.size. Ids
 * count from 1; each message has a key and two headers.
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 60000
#define LETTERS "abcdefghijklmnopqrstuvwxyz "

static struct {
	unsigned long size, partitions, tombstones, empties, transaction, abort, bare,
		escapes;
} wish = { .partitions = 4 };

static rd_kafka_resp_err_t lost;

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "send-orders: %s: %s\n", what, why);
	exit(1);
}

static void must(rd_kafka_error_t *error, const char *what)
{
	if (error != NULL)
		fail(what, rd_kafka_error_string(error));
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	(void)rk, (void)opaque;
	if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR &&
	    message->err != RD_KAFKA_RESP_ERR__PURGE_QUEUE)
		lost = message->err;
}

static int is_wish(const char *word)
{
	static const struct {
		const char *name;
		unsigned long *to;
	} wishes[] = {
		{ "size=", &wish.size },
		{ "partitions=", &wish.partitions },
		{ "tombstones=", &wish.tombstones },
		{ "empties=", &wish.empties },
		{ "transaction=", &wish.transaction },
		{ "abort=", &wish.abort },
		{ "bare=", &wish.bare },
		{ "escapes=", &wish.escapes },
	};

	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++)
		if (strncmp(word, wishes[i].name, strlen(wishes[i].name)) == 0) {
			*wishes[i].to = strtoul(word + strlen(wishes[i].name), NULL, 10);
			return 1;
		}
	return 0;
}

static rd_kafka_t *open_producer(int argc, char **argv)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256];
	rd_kafka_t *rk;

	rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], why, sizeof(why));
	rd_kafka_conf_set(conf, "enable.idempotence", "true", why, sizeof(why));
	rd_kafka_conf_set_dr_msg_cb(conf, on_report);
	for (int i = 4; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (is_wish(argv[i]))
			continue;
		if (value == NULL)
			fail(argv[i], "is not NAME=VALUE");
		*value = '\0';
		if (rd_kafka_conf_set(conf, argv[i], value + 1, why, sizeof(why)) !=
		    RD_KAFKA_CONF_OK)
			fail(argv[i], why);
	}
	if (wish.transaction > 0)
		rd_kafka_conf_set(conf, "transactional.id", argv[2], why, sizeof(why));
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (rk == NULL)
		fail("producer", why);
	return rk;
}

/* Length of the order with this id; text has room for size bytes and some more. */
static size_t write_order(char *text, unsigned long id)
{
	size_t len = (size_t)sprintf(
		text,
		"{\"id\":%lu,\"created\":1700000000000,\"customer\":\"c%lu\",\"country\":"
		"\"DE\",\"currency\":\"EUR\",\"amount\":250,\"status\":\"paid\","
		"\"items\":[{\"sku\":\"s\",\"qty\":1,\"price\":250}],\"note\":\"",
		id, id % 1000);

	while (len + 2 < wish.size) {
		text[len] = LETTERS[(id + len) % (sizeof(LETTERS) - 1)];
		if (wish.escapes)
			memcpy(&text[len++], "\\n", 2);
		len++;
	}
	return len + (size_t)sprintf(text + len, "\"}");
}

static rd_kafka_headers_t *headers_of(const char *key)
{
	rd_kafka_headers_t *headers;

	if (wish.bare)
		return NULL;
	headers = rd_kafka_headers_new(2);
	rd_kafka_header_add(headers, "trace", -1, key, -1);
	rd_kafka_header_add(headers, "nothing", -1, NULL, 0);
	return headers;
}

static void send_one(rd_kafka_t *rk, const char *topic, unsigned long id, char *text)
{
	int null = wish.tombstones > 0 && id % wish.tombstones == 0;
	int empty = wish.empties > 0 && id % wish.empties == 0;
	size_t len = null || empty ? 0 : write_order(text, id);
	char key[24];
	size_t key_len = (size_t)sprintf(key, "k%lu", id);
	rd_kafka_headers_t *headers = headers_of(key); /* librdkafka's when it is sent */
	rd_kafka_resp_err_t err;

	while ((err = rd_kafka_producev(
			rk, RD_KAFKA_V_TOPIC(topic),
			RD_KAFKA_V_PARTITION((int32_t)(id % wish.partitions)),
			RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
			RD_KAFKA_V_KEY(wish.bare ? NULL : key, wish.bare ? 0 : key_len),
			RD_KAFKA_V_VALUE(null ? NULL : text, len),
			RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END)) ==
	       RD_KAFKA_RESP_ERR__QUEUE_FULL)
		rd_kafka_poll(rk, 10);
	if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
		fail("produce", rd_kafka_err2str(err));
}

static void end_transaction(rd_kafka_t *rk, unsigned long number)
{
	if (wish.abort > 0 && number % wish.abort == 0) {
		/* in the log and then aborted, not just thrown away here */
		rd_kafka_flush(rk, TIMEOUT_MS);
		must(rd_kafka_abort_transaction(rk, TIMEOUT_MS), "abort");
	} else {
		must(rd_kafka_commit_transaction(rk, TIMEOUT_MS), "commit");
	}
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	rd_kafka_t *rk;
	char *text;

	if (n == 0)
		return 2;
	rk = open_producer(argc, argv);
	text = malloc(wish.size + 512);
	if (wish.transaction > 0)
		must(rd_kafka_init_transactions(rk, TIMEOUT_MS), "init");
	for (unsigned long id = 1; id <= n; id++) {
		if (wish.transaction > 0 && id % wish.transaction == 1)
			must(rd_kafka_begin_transaction(rk), "begin");
		send_one(rk, argv[2], id, text);
		rd_kafka_poll(rk, 0);
		if (wish.transaction > 0 && (id % wish.transaction == 0 || id == n))
			end_transaction(rk, (id - 1) / wish.transaction + 1);
	}
	if (rd_kafka_flush(rk, TIMEOUT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR ||
	    lost != RD_KAFKA_RESP_ERR_NO_ERROR)
		fail("flush", rd_kafka_err2str(lost));
	rd_kafka_destroy(rk);
	free(text);
	return 0;
}
