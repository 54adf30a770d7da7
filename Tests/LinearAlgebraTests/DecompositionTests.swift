import Foundation
import LinearAlgebra
import Testing

@Suite struct DecompositionTests {
  /// The Laplacian of a path: eigenvalues 2 − 2 cos(π k/n) are known in closed form.
  private func path(_ n: Int) -> [Double] {
    var matrix = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      matrix[i * n + i] = i == 0 || i == n - 1 ? 1 : 2
      if i > 0 { matrix[i * n + i - 1] = -1 }
      if i < n - 1 { matrix[i * n + i + 1] = -1 }
    }
    return matrix
  }

  @Test(arguments: [2, 3, 31, 80])
  func eigenvaluesOfAPath(_ n: Int) throws {
    let values = try #require(symmetricEigenvalues(path(n), order: n))
    for (k, value) in values.enumerated() {
      #expect(abs(value - (2 - 2 * cos(.pi * Double(k) / Double(n)))) < 1e-13 * Double(n))
    }
  }

  @Test func emptyAndSingle() {
    #expect(symmetricEigenvalues([], order: 0) == [])
    #expect(symmetricEigenvalues([-3], order: 1) == [-3])
    #expect(logDeterminant(positiveDefinite: [], order: 0) == 0)
    #expect(singularValues([], rows: 0, columns: 0) == [])
  }

  @Test func notFiniteIsNotDecomposed() {
    #expect(symmetricEigenvalues([1, .nan, .nan, 1], order: 2) == nil)
    #expect(singularValues([1, .infinity], rows: 1, columns: 2) == nil)
    #expect(logDeterminant(positiveDefinite: [1, .nan, .nan, 1], order: 2) == nil)
  }

  @Test func determinantOfAPathPlusIdentity() throws {
    let n = 20
    var matrix = path(n)
    for i in 0..<n { matrix[i * n + i] += 1 }
    let expected = (0..<n).reduce(0.0) { $0 + log(3 - 2 * cos(.pi * Double($1) / Double(n))) }
    let value = try #require(logDeterminant(positiveDefinite: matrix, order: n))
    #expect(abs(value - expected) < 1e-12 * expected)
    #expect(logDeterminant(positiveDefinite: [1, 2, 2, 1], order: 2) == nil)
  }

  @Test(arguments: [(3, 5), (5, 3), (1, 9), (9, 1), (17, 600), (600, 17)])
  func gramMatricesAreInnerProducts(_ rows: Int, _ columns: Int) {
    let matrix = (0..<rows * columns).map { Float(sin(Double($0) * 1.7)) }
    for side in [GramSide.rows, .columns] {
      let order = side == .rows ? rows : columns
      let depth = side == .rows ? columns : rows
      func entry(_ i: Int, _ k: Int) -> Double {
        Double(side == .rows ? matrix[i * columns + k] : matrix[k * columns + i])
      }
      let gram = gramMatrix(matrix, rows: rows, columns: columns, side: side)
      for i in stride(from: 0, to: order, by: max(order / 7, 1)) {
        for j in stride(from: 0, to: order, by: max(order / 5, 1)) {
          let expected = (0..<depth).reduce(0.0) { $0 + entry(i, $1) * entry(j, $1) }
          #expect(abs(gram[i * order + j] - expected) < 1e-12 * Double(depth))
        }
      }
    }
    let single = singlePrecisionGram(matrix, rows: rows, columns: columns)
    for (a, b) in zip(single, gramMatrix(matrix, rows: rows, columns: columns, side: .rows)) {
      #expect(abs(Double(a) - b) < 1e-5 * Double(columns))
    }
  }

  @Test func gramOfManyBlocks() {
    // 40 rows make blocks of 6553 columns: three of them, the last one narrow.
    let (rows, columns) = (40, 14_000)
    let matrix = (0..<rows * columns).map { Float(($0 * 7919) % 13) - 6 }
    let gram = gramMatrix(matrix, rows: rows, columns: columns, side: .rows)
    let single = singlePrecisionGram(matrix, rows: rows, columns: columns)
    for (i, j) in [(0, 0), (3, 29), (39, 38), (39, 39)] {
      let expected = (0..<columns).reduce(0.0) {
        $0 + Double(matrix[i * columns + $1]) * Double(matrix[j * columns + $1])
      }
      // Small integers: every product and sum is exact in either precision.
      #expect(gram[i * rows + j] == expected)
      #expect(Double(single[i * rows + j]) == expected)
      #expect(gram[j * rows + i] == expected)
    }
  }

  @Test func singularValuesKeepSmallOnes() throws {
    // A rotation of diag(1, 1e-5): a float32 Gram matrix would lose the second value.
    let angle = 0.6
    let small = 1e-5
    let matrix = [
      Float(cos(angle)), Float(-small * sin(angle)), Float(sin(angle)), Float(small * cos(angle)),
    ]
    let values = try #require(singularValues(matrix, rows: 2, columns: 2))
    #expect(abs(values[0] - 1) < 1e-6)
    // Rounding the entries to float32 moves σ by up to 6e-8 of the largest.
    #expect(abs(values[1] - small) < 1e-7)
    let padded = try #require(singularValues(matrix + [0, 0], rows: 3, columns: 2))
    #expect(abs(padded[0] - values[0]) < 1e-12)
    #expect(abs(padded[1] - values[1]) < 1e-10)
  }
}
