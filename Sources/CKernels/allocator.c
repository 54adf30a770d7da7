#include "allocator.h"

#include <malloc.h>
#include <stdlib.h>

void ck_keep_freed_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 64 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

void ck_touch_memory(size_t bytes) {
  enum { page = 4096 };
  volatile char *memory = malloc(bytes);
  if (memory == NULL) return;
  for (size_t i = 0; i < bytes; i += page) memory[i] = 0;
  free((void *)memory);
}
