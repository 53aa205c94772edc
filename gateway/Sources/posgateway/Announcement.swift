import PlatformAPI
import Web

/// What a started gateway prints: its addresses and the SDKs' settings. It names the files of secrets, not the secrets.
struct Announcement {
    let base: String
    let directory: DataDirectory
    let isQuiet: Bool
    let console: ConsoleAccess
    /// Whether it listens on the loopback, from which the console can be reached.
    let hasLoopback: Bool
    let key: GatewayKey

    var text: String {
        guard !isQuiet else { return "posgateway is listening on \(base)" }
        let demo = directory.demoMerchant
        let console =
            switch console {
            case .off: "off"
            case .local where !hasLoopback:
                "cannot be reached at this address: add --console any, or use --host 0.0.0.0"
            case .local, .any: "\(base)/console, password in \(directory.consolePassword)"
            }
        return """
            posgateway is listening on \(base)

              rider      \(base)/
              console    \(console)
              metrics    \(base)/metrics

            SDK settings of the demo merchant (docs/gateway.md has them for each SDK):

              gateway URL              \(base)/gateway.do
              app_id                   \(FirstStart.demoAppID)
              sign_type                RSA2
              charset, format          utf-8, JSON
              app private key          \(demo)/app-private-key-pkcs1.txt  (Python, PHP, Node)
                                       \(demo)/app-private-key-pkcs8.txt  (Java)
              gateway public key       \(demo)/gateway-public-key.txt
              \(PrivateKeyForms(key: key.key).publicLine)
              record key of the gates  \(demo)/record-key.hex  (POSOFFLINE_RECORD_KEY_FILE)
            """
    }
}
