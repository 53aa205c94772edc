import CPlatform

/// The system's clock as codes count time; nil when it cannot be read or is outside what 32 bits hold.
func currentTime() -> UInt32? {
    UInt32(exactly: posoffline_platform_now())
}
