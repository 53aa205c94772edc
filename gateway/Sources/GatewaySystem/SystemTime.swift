import Foundation

package enum SystemTime {
    /// Unix seconds.
    package static var now: Int64 { Int64(Date().timeIntervalSince1970) }
}
