import GatewayText

/// Why a text is not JSON, and the offset of the first wrong byte.
package enum JSONError: Error, Equatable {
    case byteOrderMark
    case commaBehindLast(at: Int)
    case nameTwice(at: Int)
    case tooDeep(at: Int)
    case tooManyMarks(at: Int)
    case malformed(at: Int)

    package var chinese: String {
        switch self {
        case .byteOrderMark: "以字节顺序标记（BOM）开头"
        case .commaBehindLast(let offset): "第 \(offset) 字节处有多余的逗号"
        case .nameTwice(let offset): "第 \(offset) 字节处的名称重复"
        case .tooDeep(let offset): "第 \(offset) 字节处嵌套超过 \(JSON.maxDepth) 层"
        case .tooManyMarks(let offset): "第 \(offset) 字节处的字符串含有连续 \(String.mostMarks) 个以上的组合字符"
        case .malformed(let offset): "第 \(offset) 字节处格式错误"
        }
    }

    package var english: String {
        switch self {
        case .byteOrderMark: "it begins with a byte order mark"
        case .commaBehindLast(let offset): "nothing follows the comma before byte \(offset)"
        case .nameTwice(let offset): "the name at byte \(offset) is there twice"
        case .tooDeep(let offset): "more than \(JSON.maxDepth) levels at byte \(offset)"
        case .tooManyMarks(let offset):
            "more than \(String.mostMarks) combining marks in a row in the string at byte \(offset)"
        case .malformed(let offset): "malformed at byte \(offset)"
        }
    }
}
