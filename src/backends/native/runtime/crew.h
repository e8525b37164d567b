/*
 * The threads that run one engine's loops. A loop is a number of units, each with results of its own, claimed one by one:
 * which thread does which changes no bit. The caller takes part; a crew of one has no threads.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Memory of one thread, kept between runs. */
struct space {
  char *bytes;
  size_t size;
};

typedef void unit_body(const void *job, i64 unit, struct space *space);

struct crew;
struct member {
  struct crew *crew;
  struct space space;
  pthread_t thread;
};

struct crew {
  i64 threads;
  /* Generation (upper half) and next unit (lower half): a late thread cannot claim from another job. */
  _Atomic u64 ticket;
  _Atomic i64 units, done;
  _Atomic(unit_body *) body;
  _Atomic(const void *) job;
  _Atomic int stopped, asleep, failed;
  pthread_mutex_t mutex;
  pthread_cond_t wake;
  struct member members[];
};

enum { CLOSED = 0xffffffff, SPINS = 20000 };

/* At least `bytes`, on a cache line; null (and the run fails) where there is no memory. Valid until the next call. */
static char *reserve(struct space *space, struct crew *crew, size_t bytes) {
  if (space->size >= bytes) return space->bytes;
  free(space->bytes);
  space->size = 0;
  space->bytes = aligned_alloc(64, (bytes + 4095) / 4096 * 4096);
  if (space->bytes == 0) {
    atomic_store(&crew->failed, 1);
    return 0;
  }
  space->size = bytes;
  return space->bytes;
}

/* Does one unit of the job that is open; 0 where none is left. */
static int work(struct crew *crew, struct space *space) {
  u64 ticket = atomic_load(&crew->ticket);
  i64 unit = (i64)(ticket & CLOSED);
  unit_body *body = atomic_load(&crew->body);
  const void *job = atomic_load(&crew->job);
  if (unit >= atomic_load(&crew->units) || unit == CLOSED) return 0;
  if (!atomic_compare_exchange_strong(&crew->ticket, &ticket, ticket + 1)) return 1;
  body(job, unit, space);
  atomic_fetch_add(&crew->done, 1);
  return 1;
}

INLINE void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

static void *serve(void *argument) {
  struct member *self = argument;
  struct crew *crew = self->crew;
  for (u64 seen = 0;;) {
    while (work(crew, &self->space)) {}
    for (int i = 0; i < SPINS && atomic_load(&crew->ticket) == seen; i++) relax();
    u64 ticket = atomic_load(&crew->ticket);
    if (ticket == seen) {
      pthread_mutex_lock(&crew->mutex);
      atomic_fetch_add(&crew->asleep, 1);
      while (atomic_load(&crew->ticket) == seen && !atomic_load(&crew->stopped)) pthread_cond_wait(&crew->wake, &crew->mutex);
      atomic_fetch_sub(&crew->asleep, 1);
      pthread_mutex_unlock(&crew->mutex);
    }
    if (atomic_load(&crew->stopped)) return 0;
    seen = ticket;
  }
}

static void rouse(struct crew *crew) {
  if (atomic_load(&crew->asleep) == 0) return;
  pthread_mutex_lock(&crew->mutex);
  pthread_cond_broadcast(&crew->wake);
  pthread_mutex_unlock(&crew->mutex);
}

static void parallel(struct crew *crew, i64 units, unit_body *body, const void *job) {
  struct space *own = &crew->members[0].space;
  if (crew->threads == 1 || units < 2) {
    for (i64 unit = 0; unit < units; unit++) body(job, unit, own);
    return;
  }
  u64 generation = (atomic_load(&crew->ticket) >> 32) + 1;
  atomic_store(&crew->ticket, generation << 32 | CLOSED);
  atomic_store(&crew->body, body);
  atomic_store(&crew->job, job);
  atomic_store(&crew->units, units);
  atomic_store(&crew->done, 0);
  atomic_store(&crew->ticket, generation << 32);
  rouse(crew);
  while (work(crew, own)) {}
  for (i64 spins = 0; atomic_load(&crew->done) < units; spins++) {
    if (spins < SPINS) relax();
    else sched_yield();
  }
}

static void disband(struct crew *crew) {
  atomic_store(&crew->stopped, 1);
  pthread_mutex_lock(&crew->mutex);
  pthread_cond_broadcast(&crew->wake);
  pthread_mutex_unlock(&crew->mutex);
  for (i64 i = 1; i < crew->threads; i++) pthread_join(crew->members[i].thread, 0);
  for (i64 i = 0; i < crew->threads; i++) free(crew->members[i].space.bytes);
  pthread_cond_destroy(&crew->wake);
  pthread_mutex_destroy(&crew->mutex);
  free(crew);
}

/* Fewer threads where the system has no more; null where there is no memory. */
static struct crew *muster(i64 threads) {
  struct crew *crew = calloc(1, sizeof *crew + (size_t)threads * sizeof *crew->members);
  if (crew == 0) return 0;
  atomic_store(&crew->ticket, CLOSED);
  pthread_mutex_init(&crew->mutex, 0);
  pthread_cond_init(&crew->wake, 0);
  for (crew->threads = 1; crew->threads < threads; crew->threads++) {
    struct member *member = &crew->members[crew->threads];
    member->crew = crew;
    if (pthread_create(&member->thread, 0, serve, member) != 0) break;
  }
  return crew;
}
