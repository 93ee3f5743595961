/* The reading of one answer: "STATUS CONTENT-TYPE\n" and the body. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "backend/api-answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char line[64] = "", type[64] = "";
	const uint8_t *newline = memchr(data, '\n', n);
	size_t head = newline ? (size_t)(newline - data) : n;
	struct http_response response = { .outcome = HTTP_ANSWERED, .error = "" };
	struct api_answer answer;
	char *body;

	memcpy(line, data, head < sizeof(line) ? head : sizeof(line) - 1);
	if (sscanf(line, "%3d %63s", &response.status, type) == 2)
		response.content_type = type;
	head += newline ? 1 : 0;
	body = malloc(n - head + 1);
	if (!body)
		return 0;
	memcpy(body, data + head, n - head);
	body[n - head] = '\0';
	response.body = body;
	response.body_size = n - head;

	api_answer_read(&response, n % 2, &answer);
	FUZZ_CHECK(utf8_is_valid(answer.message, strlen(answer.message)));
	FUZZ_CHECK(strlen(answer.message) < API_MESSAGE_SIZE);
	for (const char *p = answer.message; *p; p++)
		FUZZ_CHECK((unsigned char)*p >= ' ' && *p != 0x7f);
	FUZZ_CHECK((answer.outcome == API_OK || answer.outcome == API_NOT_MODIFIED) ==
		   (answer.message[0] == '\0'));
	FUZZ_CHECK(answer.outcome != API_NO_TOKEN && answer.outcome != API_OFFLINE);
	FUZZ_CHECK(answer.code[0] == '\0' || (answer.status >= 400 && answer.status < 600));
	api_answer_done(&answer);
	free(body);
	return 0;
}
