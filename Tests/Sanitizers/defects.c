/* Defects that the tools of Tests/Sanitizers/run.sh must find. In the defective libraries, Sources/CPlatform/platform.c
 * calls these in place of the system's functions. The word before the first underscore names the defect. */
#include <pthread.h>
#include <stdlib.h>

int no_pthread_mutex_lock(pthread_mutex_t *lock);
int no_pthread_mutex_lock(pthread_mutex_t *lock) { return lock == NULL; }

/* Half of what was asked for. Less would not do: most buffers are larger than what the tests put into them. */
void *short_calloc(size_t count, size_t size);
void *short_calloc(size_t count, size_t size) { return calloc(1, count * size / 2); }

/* Does not zero the memory. */
void *dirty_calloc(size_t count, size_t size);
void *dirty_calloc(size_t count, size_t size) { return malloc(count * size); }

void no_free(void *memory);
void no_free(void *memory) { (void)memory; }
