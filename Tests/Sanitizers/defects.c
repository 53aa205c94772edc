/* Defects to be found: what Sources/CPlatform/platform.c calls instead of the system's functions in the libraries on
 * which Tests/Sanitizers/run.sh tries its tools. What stands before the first underscore is wrong with the rest. */
#include <pthread.h>
#include <stdlib.h>

int no_pthread_mutex_lock(pthread_mutex_t *lock);
int no_pthread_mutex_lock(pthread_mutex_t *lock) { return lock == NULL; }

/* One byte less than was asked for. */
void *short_calloc(size_t count, size_t size);
void *short_calloc(size_t count, size_t size) { return calloc(1, count * size - 1); }

/* Memory that is not zeroed. */
void *dirty_calloc(size_t count, size_t size);
void *dirty_calloc(size_t count, size_t size) { return malloc(count * size); }

void no_free(void *memory);
void no_free(void *memory) { (void)memory; }
