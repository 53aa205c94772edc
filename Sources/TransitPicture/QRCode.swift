// QR pictures: libqrencode makes the modules, libpng the file. Every unsafe pointer that they take is in this file.

import CPNG
import CQREncode
import Glibc

/// How much of a picture may be lost and still be read.
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

/// Why there is no picture.
public enum PictureError: Error, Equatable, Sendable {
    /// More bytes than the largest QR code of this level holds.
    case tooLong(count: Int, level: QRLevel)
    case outOfMemory
    /// libpng did not say why.
    case noPNG
}

/// The dark and light modules of a QR code in byte mode.
public struct QRCode: Sendable {
    /// Modules on a side.
    public let width: Int
    private let isDark: [Bool]

    /// The smallest code that holds the bytes.
    public init(_ bytes: [UInt8], level: QRLevel) throws(PictureError) {
        // Version 0: the smallest that fits.
        guard let code = QRcode_encodeData(Int32(clamping: bytes.count), bytes, 0, level.library) else {
            throw errno == ENOMEM ? .outOfMemory : .tooLong(count: bytes.count, level: level)
        }
        defer { QRcode_free(code) }
        width = Int(code.pointee.width)
        let modules = UnsafeBufferPointer(start: code.pointee.data, count: width * width)
        isDark = modules.map { $0 & 1 == 1 }
    }

    /// Light outside of the code.
    private func isDark(row: Int, column: Int) -> Bool {
        guard (0..<width).contains(row), (0..<width).contains(column) else { return false }
        return isDark[row * width + column]
    }

    /// A grey-scale PNG, `scale` pixels a module, `margin` light modules around.
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
        image.format = 0  // PNG_FORMAT_GRAY, which Swift cannot read: a macro over casts
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

    /// Half blocks, two modules to a character. Black and white are set outright, so that the picture is the right
    /// way round whatever the terminal's own colours are.
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
