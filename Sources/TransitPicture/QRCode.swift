// QR pictures. libqrencode computes the modules, libpng writes the file. Only this file of the module uses unsafe
// pointers.

import CPNG
import CQREncode
import Glibc

/// The error correction level: how much of a picture may be lost before it cannot be read.
public enum QRLevel: String, CaseIterable, Sendable {
    case L, M, Q, H

    fileprivate var library: QRecLevel {
        switch self {
        case .L: QR_ECLEVEL_L
        case .M: QR_ECLEVEL_M
        case .Q: QR_ECLEVEL_Q
        case .H: QR_ECLEVEL_H
        }
    }
}

/// Why a picture could not be made.
public enum PictureError: Error, Equatable, Sendable {
    /// The input is longer than the largest QR code of this level can hold.
    case tooLong(count: Int, level: QRLevel)
    case outOfMemory
    /// libpng failed. It does not report the reason here.
    case noPNG
}

/// The dark and light modules of a QR code in byte mode.
public struct QRCode: Sendable {
    /// The number of modules on a side.
    public let width: Int
    private let isDark: [Bool]

    /// Encodes bytes in the smallest QR code that holds them.
    public init(_ bytes: [UInt8], level: QRLevel) throws(PictureError) {
        // Version 0 selects the smallest size.
        guard let code = QRcode_encodeData(Int32(clamping: bytes.count), bytes, 0, level.library) else {
            throw errno == ENOMEM ? .outOfMemory : .tooLong(count: bytes.count, level: level)
        }
        defer { QRcode_free(code) }
        width = Int(code.pointee.width)
        let modules = UnsafeBufferPointer(start: code.pointee.data, count: width * width)
        isDark = modules.map { $0 & 1 == 1 }
    }

    /// Whether a module is dark. Positions outside the code are light.
    private func isDark(row: Int, column: Int) -> Bool {
        guard (0..<width).contains(row), (0..<width).contains(column) else { return false }
        return isDark[row * width + column]
    }

    /// Returns a grey-scale PNG with `scale` pixels a module and a margin of `margin` light modules.
    public func png(scale: Int, margin: Int) throws(PictureError) -> [UInt8] {
        let side = (width + 2 * margin) * scale
        var pixels = [UInt8](repeating: 0xFF, count: side * side)
        for row in 0..<side {
            for column in 0..<side
            where isDark(row: row / scale - margin, column: column / scale - margin) {
                pixels[row * side + column] = 0
            }
        }
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        image.width = png_uint_32(side)
        image.height = png_uint_32(side)
        image.format = 0  // PNG_FORMAT_GRAY; Swift cannot import a macro with casts
        var count = png_alloc_size_t(0)
        guard png_image_write_to_memory(&image, nil, &count, 0, pixels, png_int_32(side), nil) != 0 else {
            throw .noPNG
        }
        var file = [UInt8](repeating: 0, count: count)
        guard png_image_write_to_memory(&image, &file, &count, 0, pixels, png_int_32(side), nil) != 0 else {
            throw .noPNG
        }
        return Array(file.prefix(count))
    }

    /// Returns the picture as text for a terminal. A half-block character shows two modules. The colours are set
    /// explicitly to black and white, because some terminals use light text on a dark background.
    public func terminal(margin: Int) -> String {
        var text = ""
        for row in stride(from: -margin, to: width + margin, by: 2) {
            text += "\u{1B}[38;5;16;48;5;231m"
            for column in -margin..<width + margin {
                switch (isDark(row: row, column: column), isDark(row: row + 1, column: column)) {
                case (true, true): text += "█"
                case (true, false): text += "▀"
                case (false, true): text += "▄"
                case (false, false): text += " "
                }
            }
            text += "\u{1B}[0m\n"
        }
        return text
    }
}
