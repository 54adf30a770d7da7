// Stored elements to float32, and their sums, by the kernels of CKernels.
internal import CKernels
internal import Tensors

extension ElementType {
  /// Widens `count` packed native-endian elements to float32; the source is aligned to them.
  func widen(
    _ source: UnsafeRawPointer, to destination: UnsafeMutablePointer<Float>, count: Int
  ) {
    switch self {
    case .float64: ck_widen_f64(source.assumingMemoryBound(to: Double.self), destination, count)
    case .float32:
      destination.update(from: source.assumingMemoryBound(to: Float.self), count: count)
    case .float16: ck_widen_f16(source.assumingMemoryBound(to: UInt16.self), destination, count)
    case .bfloat16: ck_widen_bf16(source.assumingMemoryBound(to: UInt16.self), destination, count)
    case .int64: ck_widen_i64(source.assumingMemoryBound(to: Int64.self), destination, count)
    case .int32: ck_widen_i32(source.assumingMemoryBound(to: Int32.self), destination, count)
    case .int16: ck_widen_i16(source.assumingMemoryBound(to: Int16.self), destination, count)
    case .int8: ck_widen_i8(source.assumingMemoryBound(to: Int8.self), destination, count)
    case .uint64: ck_widen_u64(source.assumingMemoryBound(to: UInt64.self), destination, count)
    case .uint32: ck_widen_u32(source.assumingMemoryBound(to: UInt32.self), destination, count)
    case .uint16: ck_widen_u16(source.assumingMemoryBound(to: UInt16.self), destination, count)
    case .uint8: ck_widen_u8(source.assumingMemoryBound(to: UInt8.self), destination, count)
    case .bool: ck_widen_bool(source.assumingMemoryBound(to: UInt8.self), destination, count)
    case .float8E4M3FN, .float8E5M2, .float8E4M3FNUZ, .float8E5M2FNUZ, .float8E8M0FNU,
      .float8E4M3, .float8E3M4, .float8E4M3B11FNUZ:
      ck_widen_f8(
        source.assumingMemoryBound(to: UInt8.self), Float8.values(of: self), destination, count)
    }
  }

  /// Adds `count` packed native-endian elements to the sums; `widened` are the same in float32.
  func add(
    _ source: UnsafeRawPointer, widened: UnsafePointer<Float>, count: Int, to sums: inout ck_sums
  ) {
    switch self {
    case .float64: ck_sum_f64(source.assumingMemoryBound(to: Double.self), count, &sums)
    case .int64: ck_sum_i64(source.assumingMemoryBound(to: Int64.self), count, &sums)
    case .uint64: ck_sum_u64(source.assumingMemoryBound(to: UInt64.self), count, &sums)
    case .int32: ck_sum_i32(source.assumingMemoryBound(to: Int32.self), count, &sums)
    case .uint32: ck_sum_u32(source.assumingMemoryBound(to: UInt32.self), count, &sums)
    // float32 holds every value of the others.
    default: ck_sum_f32(widened, count, &sums)
    }
  }

  /// Reverses the bytes of `count` packed elements in place.
  func swapBytes(_ elements: UnsafeMutableRawPointer, count: Int) {
    switch byteWidth {
    case 8: ck_swap64(elements.assumingMemoryBound(to: UInt64.self), count)
    case 4: ck_swap32(elements.assumingMemoryBound(to: UInt32.self), count)
    case 2: ck_swap16(elements.assumingMemoryBound(to: UInt16.self), count)
    default: break
    }
  }
}
