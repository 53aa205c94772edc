import PlatformAPI
import Web

/// What a started gateway prints: its addresses and the SDKs' settings. It names the files of secrets, not the secrets.
struct Announcement {
    let base: String
    let directory: DataDirectory
    let isQuiet: Bool
    let console: ConsoleAccess
    let key: GatewayKey

    var text: String {
        guard !isQuiet else { return "posgateway is listening on \(base)" }
        let demo = directory.demoMerchant
        return """
            posgateway is listening on \(base)

              rider      \(base)/
              console    \(console == .off ? "off" : "\(base)/console, password in \(directory.consolePassword)")
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
