import CPlatform

/// The system's clock in Unix seconds; nil when it cannot be read or does not fit 32 bits.
func currentTime() -> UInt32? {
    UInt32(exactly: posoffline_platform_now())
}
