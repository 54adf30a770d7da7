// Names that PyTorch's own pickles mention: element types, and what is not worth a remark.
internal import Tensors

enum TorchNames {
  /// The element type of a storage class ("torch FloatStorage") or a dtype ("torch float32").
  static func elementType(_ name: String) -> ElementType? { types[name] }

  /// Bytes of one element of a storage class, also of those whose elements are not read.
  static func storageWidth(_ name: String) -> Int? {
    types[name]?.byteWidth ?? unreadWidths[name]
  }

  private static let unreadWidths = [
    "torch ComplexFloatStorage": 8, "torch ComplexDoubleStorage": 16, "torch QInt8Storage": 1,
    "torch QUInt8Storage": 1, "torch QInt32Storage": 4, "torch QUInt4x2Storage": 1,
    "torch QUInt2x4Storage": 1, "torch.storage TypedStorage": 1,
  ]

  private static let types: [String: ElementType] = [
    "torch DoubleStorage": .float64, "torch FloatStorage": .float32, "torch HalfStorage": .float16,
    "torch BFloat16Storage": .bfloat16, "torch LongStorage": .int64, "torch IntStorage": .int32,
    "torch ShortStorage": .int16, "torch CharStorage": .int8, "torch ByteStorage": .uint8,
    "torch BoolStorage": .bool,
    "torch float64": .float64, "torch float32": .float32, "torch float16": .float16,
    "torch bfloat16": .bfloat16, "torch int64": .int64, "torch int32": .int32,
    "torch int16": .int16, "torch int8": .int8, "torch uint64": .uint64, "torch uint32": .uint32,
    "torch uint16": .uint16, "torch uint8": .uint8, "torch bool": .bool,
    "torch float8_e4m3fn": .float8E4M3FN, "torch float8_e5m2": .float8E5M2,
    "torch float8_e4m3fnuz": .float8E4M3FNUZ, "torch float8_e5m2fnuz": .float8E5M2FNUZ,
    "torch float8_e8m0fnu": .float8E8M0FNU, "torch UntypedStorage": .uint8,
    "torch.storage UntypedStorage": .uint8,
  ]

  /// Whether a class of tensors holds the part of one process (torch/distributed/tensor).
  static func isPiece(_ name: String) -> Bool {
    name.hasPrefix("torch.distributed.") && name.hasSuffix(" DTensor")
  }

  /// Whether a name belongs to plain checkpoints and pickled modules.
  static func isFamiliar(_ name: String) -> Bool {
    if types[name] != nil || familiar.contains(name) { return true }
    // Classes of pickled modules and parts of tensors; functions elsewhere in torch are foreign.
    return name.hasPrefix("torch.nn.modules.") || name.hasPrefix("torch._utils _rebuild_")
      || name.hasPrefix("torch._tensor _rebuild_from_type")
      || name.hasPrefix("torch ") && (name.hasSuffix("Storage") || dtypes.contains(name))
  }

  private static let dtypes: Set<String> = [
    "torch complex64", "torch complex128", "torch complex32", "torch float4_e2m1fn_x2",
    "torch qint8", "torch quint8", "torch qint32", "torch quint4x2", "torch quint2x4",
    "torch bits8",
  ]

  private static let familiar: Set<String> = [
    "collections OrderedDict", "collections defaultdict", "collections Counter", "builtins set",
    "builtins frozenset", "builtins dict", "builtins list", "builtins tuple", "builtins int",
    "builtins float", "builtins bool", "builtins str", "builtins bytes", "builtins bytearray",
    "builtins complex", "builtins slice", "builtins range", "__builtin__ set", "__builtin__ dict",
    "__builtin__ frozenset", "__builtin__ list", "__builtin__ int", "__builtin__ long",
    "__builtin__ bytearray", "__builtin__ slice", "__builtin__ object", "builtins object",
    "torch Size", "torch Tensor", "torch device", "torch.nn.parameter Parameter",
    "torch.nn.parameter Buffer", "torch.storage UntypedStorage", "torch.storage TypedStorage",
    "torch.storage _load_from_bytes", "torch.serialization _get_layout",
    "torch.torch_version TorchVersion",
    "_codecs encode", "copyreg _reconstructor", "copy_reg _reconstructor",
    "numpy.core.multiarray scalar", "numpy._core.multiarray scalar", "numpy dtype",
    "numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct", "numpy ndarray",
    "numpy.dtypes Float64DType", "numpy.dtypes Float32DType", "numpy.dtypes Int64DType",
    "pathlib PosixPath", "pathlib Path", "argparse Namespace", "datetime datetime",
  ]
}
