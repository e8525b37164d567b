/* The Node-API addon: loads printed units, and runs lists of loops over an arena. */
#ifndef NAPI_VERSION
#define NAPI_VERSION 8
#endif
#include <dlfcn.h>
#include <node_api.h>
#include <stdio.h>
#include <sys/mman.h>
#include "lanes.h"
#include "crew.h"
#include "transpose.h"
#include "walk.h"
#include "tiles.h"
#include "map.c"
#include "reduce.c"
#include "move.c"
#include "pack.h"
#include "contract.c"

enum { MAP, REDUCE, MOVE, GATHER, SCATTER, CONTRACT };

static napi_value fail(napi_env env, const char *message) {
  napi_throw_error(env, "NONSMOOTH_NATIVE", message);
  return 0;
}

static int arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  size_t given = count;
  return napi_get_cb_info(env, info, &given, values, 0, 0) == napi_ok && given == count;
}

static napi_value pointer_value(napi_env env, const void *pointer) {
  napi_value value;
  return napi_create_bigint_uint64(env, (uint64_t)(size_t)pointer, &value) == napi_ok ? value : 0;
}

/* open(path): a handle. */
static napi_value open_unit(napi_env env, napi_callback_info info) {
  napi_value path;
  char text[4096];
  size_t length;
  if (!arguments(env, info, 1, &path) || napi_get_value_string_utf8(env, path, text, sizeof text, &length) != napi_ok)
    return fail(env, "open: expected a path");
  void *handle = dlopen(text, RTLD_NOW | RTLD_LOCAL);
  if (handle == 0) return fail(env, dlerror());
  return pointer_value(env, handle);
}

/* symbol(handle, name): an address. */
static napi_value find_symbol(napi_env env, napi_callback_info info) {
  napi_value values[2];
  uint64_t handle;
  bool lossless;
  char name[128];
  size_t length;
  if (!arguments(env, info, 2, values) || napi_get_value_bigint_uint64(env, values[0], &handle, &lossless) != napi_ok ||
      napi_get_value_string_utf8(env, values[1], name, sizeof name, &length) != napi_ok)
    return fail(env, "symbol: expected a handle and a name");
  void *address = dlsym((void *)(size_t)handle, name);
  if (address == 0) return fail(env, dlerror());
  return pointer_value(env, address);
}

/* What a crew's value points to: empty once it is disbanded. */
struct holder {
  struct crew *crew;
};

static void finalize_crew(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  struct holder *holder = data;
  if (holder->crew) disband(holder->crew);
  free(holder);
}

/* disband(crew): its threads end now. */
static napi_value end_crew(napi_env env, napi_callback_info info) {
  napi_value value, result;
  void *data;
  if (!arguments(env, info, 1, &value) || napi_get_value_external(env, value, &data) != napi_ok)
    return fail(env, "disband: expected a crew");
  struct holder *holder = data;
  if (holder->crew) disband(holder->crew);
  holder->crew = 0;
  return napi_get_undefined(env, &result) == napi_ok ? result : 0;
}

/* crew(threads): lives until it is disbanded or collected. */
static napi_value new_crew(napi_env env, napi_callback_info info) {
  napi_value value, result;
  int64_t threads;
  if (!arguments(env, info, 1, &value) || napi_get_value_int64(env, value, &threads) != napi_ok || threads < 1 || threads > 1024)
    return fail(env, "crew: expected a number of threads");
  struct holder *holder = calloc(1, sizeof *holder);
  if (holder) holder->crew = muster(threads);
  if (holder && holder->crew && napi_create_external(env, holder, finalize_crew, 0, &result) == napi_ok) return result;
  if (holder && holder->crew) disband(holder->crew);
  free(holder);
  return fail(env, "no memory for threads");
}

static int view(napi_env env, napi_value value, napi_typedarray_type type, char **data, size_t *length) {
  napi_typedarray_type found;
  void *start;
  if (napi_get_typedarray_info(env, value, &found, length, &start, 0, 0) != napi_ok || found != type) return 0;
  *data = start;
  return 1;
}

/* prepare(bytes): the address of its first byte; large pages are asked for. */
static napi_value prepare(napi_env env, napi_callback_info info) {
  napi_value value;
  char *data;
  size_t length;
  if (!arguments(env, info, 1, &value) || !view(env, value, napi_uint8_array, &data, &length)) return fail(env, "prepare: expected bytes");
#ifdef MADV_HUGEPAGE
  size_t huge = 2 << 20, start = ((size_t)data + huge - 1) / huge * huge, end = ((size_t)data + length) / huge * huge;
  if (start < end) (void)madvise((void *)start, end - start, MADV_HUGEPAGE);
#endif
  return pointer_value(env, data);
}

/*
 * run(crew, arena, words, tables): words are loops [kind, length, arguments ..] one after the other. Returns nothing, or
 * the place in `words` of the gather whose index is outside its table (words[place + 1] is then the bad index's place).
 */
static napi_value run(napi_env env, napi_callback_info info) {
  napi_value values[4], result;
  void *crew_pointer;
  char *base, *words_data, *tables_data;
  size_t bytes, count, entries;
  if (!arguments(env, info, 4, values) || napi_get_value_external(env, values[0], &crew_pointer) != napi_ok ||
      !view(env, values[1], napi_uint8_array, &base, &bytes) || !view(env, values[2], napi_bigint64_array, &words_data, &count) ||
      !view(env, values[3], napi_int32_array, &tables_data, &entries))
    return fail(env, "run: expected a crew, the arena, words and tables");
  struct crew *crew = ((struct holder *)crew_pointer)->crew;
  if (crew == 0) return fail(env, "run: the crew is disbanded");
  const i64 *words = (const i64 *)words_data;
  for (size_t at = 0; at < count; at += (size_t)words[at + 1]) {
    const i64 *own = words + at + 2;
    i64 bad = -1;
    switch (words[at]) {
      case MAP: run_map(crew, base, own); break;
      case REDUCE: run_reduce(crew, base, own); break;
      case MOVE: run_move(base, own); break;
      case GATHER: bad = run_gather(base, own); break;
      case SCATTER: bad = run_scatter(crew, base, own); break;
      case CONTRACT: run_contract(crew, base, (const int *)tables_data, own); break;
      default: return fail(env, "run: unknown loop");
    }
    if (atomic_exchange(&crew->failed, 0)) return fail(env, "out of memory");
    if (bad < 0) continue;
    int64_t where[2] = {(int64_t)at, bad};
    napi_value pair;
    if (napi_create_array_with_length(env, 2, &pair) != napi_ok) return 0;
    for (uint32_t i = 0; i < 2; i++) {
      napi_value number;
      if (napi_create_int64(env, where[i], &number) != napi_ok || napi_set_element(env, pair, i, number) != napi_ok) return 0;
    }
    return pair;
  }
  return napi_get_undefined(env, &result) == napi_ok ? result : 0;
}

NAPI_MODULE_INIT() {
  static const struct {
    const char *name;
    napi_callback call;
  } functions[] = {{"open", open_unit}, {"symbol", find_symbol}, {"crew", new_crew}, {"disband", end_crew}, {"prepare", prepare}, {"run", run}};
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value value;
    if (napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].call, 0, &value) != napi_ok ||
        napi_set_named_property(env, exports, functions[i].name, value) != napi_ok)
      return 0;
  }
  return exports;
}
