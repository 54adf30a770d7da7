"""What OpenBLAS's sgemm reaches on all the threads: the library that plasticityd links."""
import ctypes

import numpy

from timing import seconds


def sgemm_flops_per_second(threads, order=2048):
    """Best of five products of two square matrices."""
    library = ctypes.CDLL("libopenblas.so.0")
    library.openblas_set_num_threads(threads)
    a, b = (numpy.random.default_rng(k).standard_normal((order, order), numpy.float32) for k in (0, 1))
    c = numpy.zeros((order, order), numpy.float32)
    pointers = [m.ctypes.data_as(ctypes.c_void_p) for m in (a, b, c)]

    def product():
        library.cblas_sgemm(
            101, 111, 111, order, order, order, ctypes.c_float(1), pointers[0], order,
            pointers[1], order, ctypes.c_float(0), pointers[2], order)
    product()
    return 2 * order ** 3 / min(seconds(product) for _ in range(5))
