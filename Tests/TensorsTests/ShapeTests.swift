import Tensors
import Testing

@Suite struct ShapeTests {
  @Test func countsAndStrides() {
    let shape = Shape([2, 3, 4])
    #expect(shape.count == 24)
    #expect(shape.strides == [12, 4, 1])
    #expect(Shape([]).count == 1)
    #expect(Shape([3, 0]).count == 0)
  }

  @Test(arguments: [
    [4_194_305, 4_194_305, 211_106_198_978_564], [2, Int.max], [0, Int.max, 2], [-1],
    [Int](repeating: 1, count: 65),
  ])
  func refusesWhatWouldOverflow(_ dimensions: [Int]) {
    #expect(Shape(checking: dimensions) == nil)
  }
}
