#include "temper.h"

#include <math.h>

struct ck_tempered ck_tempered_entropy(const float *z, size_t rows, size_t classes,
                                       double inverse) {
  // z is [rows, classes]
  struct ck_tempered out = {0, 0};
  for (size_t row = 0; row < rows; row++, z += classes) {
    double top = -INFINITY, total = 0, first = 0, second = 0;
    for (size_t c = 0; c < classes; c++) {
      if (!isfinite(z[c])) return (struct ck_tempered){NAN, NAN};
      if (z[c] > top) top = z[c];
    }
    for (size_t c = 0; c < classes; c++) {
      double gap = (z[c] - top) * inverse, e = exp(gap);
      total += e;
      first += e * gap;
      second += e * gap * gap;
    }
    first /= total;
    out.entropy += log(total) - first;
    out.variance += second / total - first * first;
  }
  return out;
}
