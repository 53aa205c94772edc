import PlatformAPI
import Synchronization

/// The counters of `/metrics`, in Prometheus' text format.
package final class Counters: Sendable {
    private struct CallLabels: Hashable {
        let method: String
        let code: String

        var text: String { "method=\"\(method)\",code=\"\(code)\"" }
    }

    private struct State {
        var calls: [CallLabels: Int] = [:]
        var results: [BusinessResult: Int] = [:]
        var buckets: [String: [Int]] = [:]
        var seconds: [String: Double] = [:]
    }

    /// Upper bounds in seconds.
    private static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
    private let state = Mutex(State())

    package init() {}

    package func count(method: String, code: String, seconds: Double) {
        state.withLock { state in
            state.calls[CallLabels(method: method, code: code), default: 0] += 1
            state.seconds[method, default: 0] += seconds
            let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
            state.buckets[method, default: [Int](repeating: 0, count: Self.bounds.count + 1)][bucket] += 1
        }
    }

    package func count(trade result: BusinessResult) { state.withLock { $0.results[result, default: 0] += 1 } }

    package var text: String {
        let state = state.withLock { $0 }
        var lines = [
            "# HELP posgateway_calls_total Calls by interface and code.", "# TYPE posgateway_calls_total counter",
        ]
        for (labels, count) in state.calls.map({ ($0.key.text, $0.value) }).sorted(by: { $0.0 < $1.0 }) {
            lines.append("posgateway_calls_total{\(labels)} \(count)")
        }
        lines += ["# HELP posgateway_trades_total Trades by result.", "# TYPE posgateway_trades_total counter"]
        for (result, count) in state.results.map({ ($0.key.rawValue, $0.value) }).sorted(by: { $0.0 < $1.0 }) {
            lines.append("posgateway_trades_total{result=\"\(result)\"} \(count)")
        }
        lines += ["# HELP posgateway_call_seconds Time to answer a call.", "# TYPE posgateway_call_seconds histogram"]
        for (method, buckets) in state.buckets.sorted(by: { $0.key < $1.key }) {
            var sum = 0
            for (bound, count) in zip(Self.bounds, buckets) {
                sum += count
                lines.append("posgateway_call_seconds_bucket{method=\"\(method)\",le=\"\(bound)\"} \(sum)")
            }
            let all = buckets.reduce(0, +)
            lines.append("posgateway_call_seconds_bucket{method=\"\(method)\",le=\"+Inf\"} \(all)")
            lines.append("posgateway_call_seconds_sum{method=\"\(method)\"} \(state.seconds[method] ?? 0)")
            lines.append("posgateway_call_seconds_count{method=\"\(method)\"} \(all)")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
