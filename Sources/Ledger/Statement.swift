// One prepared SQLite statement: values in, rows out.

internal import CSQLite

/// A value that goes into a statement.
enum SQLValue {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  case blob([UInt8])

  static func text(_ text: String?) -> SQLValue {
    guard let text else { return .null }
    return .text(text)
  }

  static func integer(_ value: Int?) -> SQLValue {
    guard let value else { return .null }
    return .integer(Int64(value))
  }

  static func real(_ value: Double?) -> SQLValue {
    // SQLite stores NaN as NULL and −0.0 as 0; done here, so that what is read equals what went
    // into the checksum.
    guard let value, !value.isNaN else { return .null }
    return .real(value == 0 ? 0 : value)
  }
}

/// The row a statement stands on; valid until the next step.
struct Row {
  fileprivate let handle: OpaquePointer

  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

  func optionalInteger(_ column: Int32) -> Int? {
    isNull(column) ? nil : Int(sqlite3_column_int64(handle, column))
  }

  func optionalReal(_ column: Int32) -> Double? {
    isNull(column) ? nil : sqlite3_column_double(handle, column)
  }

  func text(_ column: Int32) -> String {
    // Text first, length second: the first call may convert (sqlite.org/c3ref/column_blob.html).
    guard let start = sqlite3_column_text(handle, column) else { return "" }
    let count = Int(sqlite3_column_bytes(handle, column))
    return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  }

  func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

  func blob(_ column: Int32) -> [UInt8] {
    guard let start = sqlite3_column_blob(handle, column) else { return [] }
    let count = Int(sqlite3_column_bytes(handle, column))
    return Array(UnsafeRawBufferPointer(start: start, count: count))
  }
}

/// Owns a prepared statement; used only by its connection.
final class Statement {
  private let handle: OpaquePointer

  init(handle: OpaquePointer) { self.handle = handle }

  deinit { sqlite3_finalize(handle) }

  /// Binds the values and steps through the rows; returns the first code that is no success.
  func run(_ values: [SQLValue], _ body: (Row) -> Void) -> Int32 {
    // Resetting repeats the code of the step that failed, which is returned below.
    defer {
      sqlite3_reset(handle)
      sqlite3_clear_bindings(handle)
    }
    for (index, value) in values.enumerated() {
      let code = bind(value, at: Int32(index + 1))
      guard code == SQLITE_OK else { return code }
    }
    while true {
      let code = sqlite3_step(handle)
      guard code == SQLITE_ROW else { return code == SQLITE_DONE ? SQLITE_OK : code }
      body(Row(handle: handle))
    }
  }

  private func bind(_ value: SQLValue, at index: Int32) -> Int32 {
    switch value {
    case .null: return sqlite3_bind_null(handle, index)
    case .integer(let value): return sqlite3_bind_int64(handle, index, value)
    case .real(let value): return sqlite3_bind_double(handle, index, value)
    case .text(let text):
      var text = text
      return text.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) {
          // The pointer of an empty string may be nil, which would bind NULL.
          sqlite3_bind_text64(
            handle, index, $0.baseAddress ?? emptyText, UInt64($0.count), transient,
            UInt8(SQLITE_UTF8))
        }
      }
    case .blob(let bytes):
      guard !bytes.isEmpty else { return sqlite3_bind_zeroblob(handle, index, 0) }
      return bytes.withUnsafeBytes {
        sqlite3_bind_blob64(handle, index, $0.baseAddress, UInt64($0.count), transient)
      }
    }
  }

  private var emptyText: UnsafePointer<CChar> { sqlite3_sql(handle) }

  // SQLITE_TRANSIENT, "copy it now", is a C macro for the pointer −1, which Swift does not import.
  private var transient: sqlite3_destructor_type {
    unsafeBitCast(-1, to: sqlite3_destructor_type.self)
  }
}
