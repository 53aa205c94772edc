/// What is done to values that hold a secret.
public enum Secret {
    /// Overwrites a value with a blank one. Neither inlined nor optimised, because an optimiser removes stores that
    /// nothing reads.
    @inline(never) @_optimize(none)
    public static func overwrite<Value: BitwiseCopyable>(_ value: inout Value, with blank: Value) { value = blank }
}
