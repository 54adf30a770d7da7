// Skeleton: replaced by the suite's first file.
