/* The smallest useful plugin: whatever is sent to a customer is accepted, every webhook is answered with its
 * own body. It keeps no state but the host, so `self` is a copy of that. */
#include "weikefu_channel.h"
#include <stdlib.h>
#include <string.h>

#define SLICE(text) ((wk_slice){(const uint8_t *)(text), sizeof(text) - 1})

static wk_slice manifest(void) {
  return SLICE("{\"manifest\":1,\"id\":\"example-c\",\"version\":\"1.0.0\","
               "\"names\":{\"zh-CN\":\"回声\",\"en\":\"Echo\"},\"accepts\":[\"text\"],\"sends\":{\"text\":{}},"
               "\"capabilities\":[\"webhooks\"],\"config\":{\"type\":\"object\",\"properties\":{}}}");
}

static void *create(const wk_host *host, wk_slice config) {
  (void)config;
  if (host->size < sizeof *host || host->abi_major != WK_ABI_MAJOR) return NULL;
  wk_host *self = malloc(sizeof *self);
  if (self != NULL) *self = *host;
  return self;
}

static void answer(const wk_host *host, const wk_frame *call, uint32_t kind, wk_slice head, wk_slice body) {
  wk_frame frame = {.size = sizeof frame, .kind = kind, .id = call->id, .head = head, .body = body};
  host->post(host->ctx, &frame);
}

static int is(wk_slice op, const char *name) {
  return op.len == strlen(name) && memcmp(op.ptr, name, op.len) == 0;
}

static void post(void *self, const wk_frame *frame) {
  const wk_host *host = self;
  const wk_slice nothing = {0};
  if (frame->kind != WK_CALL) return; /* every call is answered at once, so nothing can be cancelled */
  if (is(frame->op, "channel.open") || is(frame->op, "channel.send"))
    answer(host, frame, WK_REPLY, SLICE("{}"), nothing);
  else if (is(frame->op, "webhooks.receive"))
    answer(host, frame, WK_REPLY, SLICE("{\"status\":200,\"headers\":[]}"), frame->body);
  else
    answer(host, frame, WK_ERROR,
           SLICE("{\"kind\":\"unsupported\",\"message\":\"not part of the example\",\"message_zh\":\"示例插件不支持此操作\"}"),
           nothing);
}

const wk_plugin weikefu_plugin = {WK_MAGIC, WK_ABI_MAJOR, WK_ABI_MINOR, sizeof(wk_plugin),
                                  manifest, create,       post,         free};
