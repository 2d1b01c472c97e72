/* weikefu channel plugins: the whole binary interface, ABI 1.0.
 *
 * A plugin is a shared object with one data symbol, `weikefu_plugin`. Host and plugin only ever post frames to
 * each other. No memory, type or exception crosses: slices are borrowed for the duration of the call, whoever
 * wants to keep bytes copies them, nothing is freed on the other side.
 *
 * Frames, operations and their JSON heads: docs/plugin/README.md.
 */
#ifndef WEIKEFU_CHANNEL_H
#define WEIKEFU_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WK_MAGIC 0x574b4650u
#define WK_ABI_MAJOR 1 /* must be equal on both sides */
#define WK_ABI_MINOR 0 /* grows when a field is appended; either side may be older */

typedef struct {
  const uint8_t *ptr; /* anything when len is 0 */
  size_t len;
} wk_slice;

enum {
  WK_CALL = 1,   /* either way: do `op`; exactly one WK_REPLY or WK_ERROR with the same id answers it */
  WK_REPLY = 2,  /* it worked; head and body are the result */
  WK_ERROR = 3,  /* it failed; head is {"kind": "...", "message": English, "message_zh": Chinese} */
  WK_CANCEL = 4, /* the caller of `id` no longer waits; no answer is owed, a late one is dropped */
  WK_EVENT = 5,  /* something to know; not answered, unknown ones are ignored */
  WK_WAKE = 6    /* plugin: post one back to me on my thread; host: here it is */
};

typedef struct { /* 64 bytes on 64-bit machines; append-only: read `size` first */
  uint32_t size; /* sizeof(wk_frame) of the sender */
  uint32_t kind;
  uint64_t id;   /* chosen by the caller; host and plugin count for themselves; 0 where nothing is answered */
  wk_slice op;   /* "channel.send", "kv.get"; at most 64 bytes; empty in answers */
  wk_slice head; /* UTF-8 JSON, at most 1 MiB */
  wk_slice body; /* raw bytes, at most 32 MiB */
} wk_frame;

typedef struct { /* valid until `destroy` returns */
  uint32_t size;
  uint16_t abi_major, abi_minor;
  void *ctx;
  /* [any thread] Copies the frame, never blocks, never calls the plugin on the same stack. */
  void (*post)(void *ctx, const wk_frame *frame);
} wk_host;

typedef struct { /* extern const wk_plugin weikefu_plugin; */
  uint32_t magic;
  uint16_t abi_major, abi_minor;
  uint32_t size; /* sizeof(wk_plugin) of the plugin */
  /* [any thread] The manifest, UTF-8 JSON in static storage. */
  wk_slice (*manifest)(void);
  /* [instance thread] A new account. NULL refuses; post a WK_ERROR with id 0 first to say why.
   * The first frame is a WK_CALL "channel.open"; the account is in service once that is answered. */
  void *(*create)(const wk_host *host, wk_slice config);
  /* [instance thread] One at a time, in order. Must not unwind and should not block. */
  void (*post)(void *self, const wk_frame *frame);
  /* [instance thread] No post afterwards, in either direction. */
  void (*destroy)(void *self);
} wk_plugin;

#if defined(_WIN32)
#define WK_EXPORT __declspec(dllexport)
#else
#define WK_EXPORT __attribute__((visibility("default")))
#endif

extern WK_EXPORT const wk_plugin weikefu_plugin;

#ifdef __cplusplus
}
#endif
#endif
