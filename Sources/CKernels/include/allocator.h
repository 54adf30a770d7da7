// The C library's allocator, which Swift's own memory comes from.
#ifndef CKERNELS_ALLOCATOR_H
#define CKERNELS_ALLOCATOR_H

#include <stddef.h>

// Freed memory stays with the process: blocks up to 64 MiB are never mapped on their own, and 256 MiB
// are kept at the end of the heap.
void ck_keep_freed_memory(void);

// Takes so many bytes, up to 64 MiB, from the system and leaves them to whoever allocates next; the
// system clears pages when they are touched for the first time.
void ck_touch_memory(size_t bytes);

#endif
