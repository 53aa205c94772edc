import PlatformAPI
import Storage

extension Merchant {
    /// The public key that checks its calls. Nil until one is uploaded.
    package var applicationKey: Result<ApplicationKey, MerchantKeyError>? {
        guard let publicKey else { return nil }
        do { return .success(try ApplicationKey(der: publicKey)) } catch {
            return .failure(MerchantKeyError(appID: appID, cause: error))
        }
    }
}

extension Caller {
    init(_ merchant: Merchant) {
        self.init(
            appID: merchant.appID, key: merchant.applicationKey?.mapError { $0 },
            isContracted: merchant.isContracted)
    }
}

/// A public key that was valid when it was uploaded, and cannot be read any more.
package struct MerchantKeyError: NamedError, CustomStringConvertible {
    package let appID: String
    package let cause: any Error

    package var name: String { "merchant-key-damaged" }
    package var advice: String { "paste the public key of \(appID) in the console again, and run posgateway audit" }
    package var description: String { "the stored public key of \(appID) cannot be read: \(cause)" }
}
