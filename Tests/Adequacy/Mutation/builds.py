"""Builds for mutants: the unchanged sources once, and one module with a change.

Each module is built as a separate library. So a mutant needs the build of one module only, and the test programs are
built once.
"""

import hashlib
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.append(os.path.join(ROOT, "Tests", "Support"))
import programs  # pylint: disable=wrong-import-position

WORK = os.path.join(ROOT, "build", "mutation")
BASE = os.path.join(WORK, "base")
EMBEDDED_BASE = os.path.join(BASE, "embedded")
TOOLCHAIN = os.path.dirname(os.path.dirname(os.path.realpath(shutil.which("swiftc") or "swiftc")))
SWIFT_LIBRARIES = os.path.join(TOOLCHAIN, "lib", "swift", "linux")

# Each module, and the modules with which it is linked.
MODULES = {
    "TransitCrypto": [], "PortableCrypto": ["TransitCrypto"], "TransitCode": [],
    "TransitGate": ["TransitCode", "TransitCrypto"],
    "posoffline": ["TransitGate", "TransitCode", "TransitCrypto", "PortableCrypto"],
}
COMPILE = ["swiftc", "-wmo", "-parse-as-library", "-swift-version", "6", "-D", "POSOFFLINE_PORTABLE",
           "-enable-experimental-feature", "Lifetimes", "-suppress-warnings"]
EMBEDDED = ["-enable-experimental-feature", "Embedded", "-Xcc", "-fPIC", "-Xllvm", "-relocation-model=pic",
            "-Xfrontend", "-function-sections"]
RUNNER = """import Testing
@main struct Runner {
    static func main() async { await Testing.__swiftPMEntryPoint() as Never }
}
"""


def path(*parts):
    return os.path.join(ROOT, *parts)


PLATFORM = path("Sources", "CPlatform", "platform.c")
PLATFORM_HEADERS = path("Sources", "CPlatform", "include")


def sources(directory):
    return [os.path.join(directory, name) for name in sorted(os.listdir(directory)) if name.endswith(".swift")]


def build(command):
    """Runs a compiler. Exits when it fails."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        sys.exit(f"mutation: the unchanged sources do not build: {' '.join(command)}\n{done.stdout.decode()[-4000:]}")


def compiles(command):
    """Whether a mutant compiles."""
    try:
        return subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                              timeout=300).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def compile_module(module, directory, output):
    """The command that builds a module from a directory as a separate library."""
    return COMPILE + [
        "-O" if module == "PortableCrypto" else "-Onone", "-I", BASE, "-I", path("include"), "-I", PLATFORM_HEADERS,
        "-module-name", module, "-emit-library", *sources(directory),
        *([os.path.join(BASE, "platform.o")] if module == "posoffline" else []),
        "-o", os.path.join(output, f"lib{module}.so"), "-Xlinker", "-soname", "-Xlinker", f"lib{module}.so", "-L", BASE,
        *(f"-l{name}" for name in MODULES.get(module, ()))]


def compile_embedded(module, directory, output, *modules):
    """The command that builds a module as scripts/build-library.sh does for x86_64."""
    return COMPILE + EMBEDDED + [
        "-O" if module == "PortableCrypto" else "-Osize", *(part for place in modules for part in ("-I", place)),
        "-I", path("include"), "-I", PLATFORM_HEADERS, "-module-name", module, "-emit-module", "-emit-module-path",
        os.path.join(output, module + ".swiftmodule"), "-c", *sources(directory), "-o",
        os.path.join(output, module + ".o")]


def compile_tests(name, optimise, files, more):
    """The command that builds a program of Swift tests."""
    return [
        "swiftc", optimise, "-wmo", "-parse-as-library", "-swift-version", "6", "-suppress-warnings",
        "-enable-experimental-feature", "Lifetimes", "-I", BASE, "-I", path("include"), "-module-name", name,
        "-plugin-path", os.path.join(TOOLCHAIN, "lib", "swift", "host", "plugins", "testing"), *files,
        os.path.join(BASE, "Runner.swift"), "-L", BASE, *more, "-lTransitCrypto", "-Xlinker", "-rpath-link",
        "-Xlinker", BASE, "-lTesting", "-o", os.path.join(BASE, name)]


def stamp():
    """A digest of all sources of the base."""
    digest = hashlib.sha256()
    for top in ("Sources", "include", "Tests/Unit", "Tests/Harness", "Tests/Conformance", "scripts"):
        for directory, _, names in sorted(os.walk(path(top), followlinks=True)):
            for name in sorted(names):
                if name.endswith((".swift", ".c", ".h", ".py", ".sh", ".map", ".modulemap")):
                    with open(os.path.join(directory, name), "rb") as file:
                        digest.update(name.encode() + hashlib.sha256(file.read()).digest())
    return digest.hexdigest()


def build_base():
    """Builds the unchanged libraries and the test programs, unless they are up to date."""
    mark = os.path.join(BASE, "built-from")
    wanted = stamp()
    if os.path.exists(mark):
        with open(mark, encoding="ascii") as file:
            if file.read() == wanted:
                return
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(EMBEDDED_BASE)
    build_modules()
    build_tests()
    with open(os.path.join(BASE, "constants"), "wb") as file:
        file.write(subprocess.run([sys.executable, path("scripts", "curve-constants.py")], check=True,
                                  stdout=subprocess.PIPE).stdout)
    with open(mark, "w", encoding="ascii") as file:
        file.write(wanted)


def build_modules():
    """Builds the unchanged modules as separate libraries, and as in the shipped file."""
    compile_c = ["gcc", "-std=c11", "-fPIC", "-I" + PLATFORM_HEADERS, "-c", PLATFORM]
    build([*compile_c, "-O1", "-o", os.path.join(BASE, "platform.o")])
    build([*compile_c, "-Os", "-fvisibility=hidden", "-ffunction-sections", "-o",
           os.path.join(EMBEDDED_BASE, "CPlatform.o")])
    for module in MODULES:
        build(compile_module(module, path("Sources", module), BASE) +
              ["-emit-module", "-emit-module-path", os.path.join(BASE, module + ".swiftmodule")])
        build(compile_embedded(module, path("Sources", module), EMBEDDED_BASE, EMBEDDED_BASE))


def build_tests():
    library = os.path.join(BASE, "libposoffline.so")
    for name in ("conformance", "durable", "memory", "recovery"):
        programs.build(name, BASE, library, [f"-Wl,-rpath-link,{SWIFT_LIBRARIES}", f"-Wl,-rpath-link,{BASE}"])
    programs.build("loading", BASE)
    with open(os.path.join(BASE, "Runner.swift"), "w", encoding="utf-8") as file:
        file.write(RUNNER)
    build(compile_module("TestSupport", path("Tests", "Unit", "TestSupport"), BASE) +
          ["-lTransitCode", "-emit-module", "-emit-module-path", os.path.join(BASE, "TestSupport.swiftmodule")])
    for module in ("TransitCode", "TransitGate"):
        files = sources(path("Tests", "Unit", module + "Tests"))
        optimise = "-O" if module == "TransitGate" else "-Onone"
        build(compile_tests(module + "Tests", optimise, files, ["-lTestSupport", "-lTransitGate", "-lTransitCode"]))
    # The DER tests are part of the arithmetic's tests, which need libcrypto.
    oracle, header = os.path.join(BASE, "oracle"), path("Tests", "Unit", "CLibcryptoOracle", "include", "oracle.h")
    os.makedirs(oracle)
    shutil.copy(header, oracle)
    with open(os.path.join(oracle, "module.modulemap"), "w", encoding="ascii") as file:
        file.write('module CLibcryptoOracle { header "oracle.h" export * }\n')
    build(["gcc", "-O1", "-I" + oracle, "-c", path("Tests", "Unit", "CLibcryptoOracle", "oracle.c"), "-o",
           os.path.join(BASE, "oracle.o")])
    files = sources(path("Tests", "Unit", "PortableCryptoTests")) + sources(path("Sources", "PortableCrypto"))
    build(compile_tests("PortableCryptoTests", "-Onone", files,
                        ["-I", oracle, os.path.join(BASE, "oracle.o"), "-lcrypto", "-lTestSupport", "-lTransitCode"]))


def build_probe(directory, work, width):
    """Builds the arithmetic in a directory with the functions of Probe.swift. None when it does not compile."""
    library, objects = os.path.join(work, "probe.so"), os.path.join(work, "probe.o")
    if not compiles(COMPILE + EMBEDDED + (["-D", "POSOFFLINE_LIMB32"] if width == 32 else []) + [
            "-Onone", "-I", EMBEDDED_BASE, "-module-name", "PortableCrypto", "-c", *sources(directory),
            os.path.join(HERE, "Probe.swift"), "-o", objects]):
        return None
    build(["gcc", "-shared", "-o", library, objects, os.path.join(EMBEDDED_BASE, "TransitCrypto.o"), "-Wl,-z,defs",
           "-Wl,--gc-sections"])
    return library


def build_firmware(changed, directory, work):
    """Builds the shipped file with one module from a directory. None when it does not compile."""
    rebuilt = [changed]
    for module, needs in MODULES.items():
        if set(needs) & set(rebuilt):
            rebuilt.append(module)
    for module in rebuilt:
        source = directory if module == changed else path("Sources", module)
        if not compiles(compile_embedded(module, source, work, work, EMBEDDED_BASE)):
            return None
    objects = [os.path.join(work if module in rebuilt else EMBEDDED_BASE, module + ".o") for module in MODULES]
    library = os.path.join(work, "libposoffline.so")
    build(["gcc", "-shared", "-nostartfiles", *objects, os.path.join(EMBEDDED_BASE, "CPlatform.o"), "-o", library,
           "-Wl,-soname,libposoffline.so", "-Wl,--version-script=" + path("Sources", "posoffline", "exports.map"),
           "-Wl,--gc-sections", "-Wl,-z,defs", "-Wl,-z,relro", "-Wl,-z,now", "-Wl,--wrap=memcpy"])
    return library
