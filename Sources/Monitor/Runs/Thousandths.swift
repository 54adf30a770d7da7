extension Double {
  /// Rounded to three decimals. Of a probability, or of an error in log2, labelled runs tell no more.
  var toThousandths: Double { (self * 1000).rounded() / 1000 }
}
