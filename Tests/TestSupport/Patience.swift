/// How many seconds a test waits for what must come before it calls it lost: far more than anything takes,
/// so that a busy machine fails nothing.
public let patience = 300.0
