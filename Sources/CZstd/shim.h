// The system's zstd, whose decoder reads Orbax's chunks and trees; no logic.
#include <zstd.h>
