// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Synchronization
import Testing

/// Runs a target on its corpus, and then on mutations of it, for a number of inputs or a time.
///
/// - `STOKER_FUZZ_SECONDS`: how long each target runs, instead of the small number of inputs of an ordinary run.
/// - `STOKER_FUZZ_SEED`: selects the mutations; 1 by default.
/// - `STOKER_FUZZ_FINDINGS`: where an input is written for which something does not hold; `.build/fuzz` by default.
///
/// The current input is always written there as `NAME.current`: it remains after a crash.
struct FuzzRun {
    /// The number of inputs of an ordinary run, which takes seconds.
    static let mutations = 60
    /// Of an input.
    static var inputBytes: Int { seconds == nil ? 8 << 10 : 128 << 10 }
    /// CPU time, not wall-clock time: generous for linear algorithms, and soon exceeded by others.
    private static let mostSeconds = 5.0
    /// Memory in addition to what was used before: a fixed part, and a multiple of the input.
    private static let mostBytes = (fixed: 96 << 20, each: 512)
    /// The smallest stack of any thread of the program; debug builds need several times as much as release builds.
    private static let stackBytes = 1 << 20

    static var seconds: Double? { ProcessInfo.processInfo.environment["STOKER_FUZZ_SECONDS"].flatMap(Double.init) }
    static var seed: UInt64 { ProcessInfo.processInfo.environment["STOKER_FUZZ_SEED"].flatMap(UInt64.init) ?? 1 }

    let target: FuzzTarget

    static func corpus(_ name: String) throws -> [(file: String, bytes: [UInt8])] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus/\(name)").path
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        let all: [(file: String, bytes: [UInt8])] = try names.map { name in
            (file: "\(folder)/\(name)", bytes: Array(try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))))
        }
        // An ordinary run leaves out the largest inputs, which take a debug build seconds.
        return seconds == nil ? all.filter { $0.bytes.count <= 64 << 10 } : all
    }

    /// Where findings are written.
    static func findings() throws -> String {
        let own = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../.build/fuzz").standardized
        let folder = ProcessInfo.processInfo.environment["STOKER_FUZZ_FINDINGS"] ?? own.path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    /// Runs everything on a thread with a small stack, and returns the number of inputs. Throws ``Broken`` for the
    /// first input for which something does not hold.
    func run() async throws -> Int {
        let corpus = try Self.corpus(target.name)
        let folder = try Self.findings()
        return try await Self.onSmallStack { try feed(corpus, folder) }
    }

    private func feed(_ corpus: [(file: String, bytes: [UInt8])], _ folder: String) throws -> Int {
        for (file, bytes) in corpus {
            do { try attempt(bytes, folder) } catch { throw Broken("\(target.name): \(file): \(error)") }
        }
        var mutator = Mutator(seed: Self.seed, words: target.words, mostBytes: Self.inputBytes)
        var inputs = corpus.map(\.bytes)
        let end = Self.seconds.map { ContinuousClock.now + .seconds($0) }
        var count = corpus.count
        while end.map({ ContinuousClock.now < $0 }) ?? (count < corpus.count + Self.mutations) {
            var input = mutator.mutate(inputs)
            if mutator.number(0..<4) > 0 { input = target.repair(input) }
            count += 1
            do {
                try attempt(input, folder)
            } catch {
                let least = shrink(input, folder)
                let file = "\(folder)/\(target.name).\(Self.seed)-\(count)"
                try Data(least).write(to: URL(filePath: file))
                throw Broken(
                    "\(target.name): \(file) (seed \(Self.seed), input \(count), \(least.count) bytes): \(error)"
                )
            }
            // Some mutations are mutated again, so that inputs far from the corpus are reached too.
            if mutator.number(0..<16) == 0, input.count < 16 << 10 {
                if inputs.count > corpus.count + 256 { inputs.remove(at: corpus.count) }
                inputs.append(input)
            }
        }
        try? FileManager.default.removeItem(atPath: "\(folder)/\(target.name).current")
        return count
    }

    /// Checks the target with one input, and the resources that it uses.
    private func attempt(_ input: [UInt8], _ folder: String) throws {
        try Data(input).write(to: URL(filePath: "\(folder)/\(target.name).current"))
        let before = Memory.resetPeak()
        let begin = Self.processorSeconds()
        try target.check(input)
        let seconds = Self.processorSeconds() - begin
        try hold(seconds <= Self.mostSeconds, "\(input.count) bytes took \(seconds) s of the processor")
        let grown = Memory.peak() - before
        let most = Self.mostBytes.fixed + Self.mostBytes.each * input.count
        try hold(grown <= most, "\(input.count) bytes took \(grown >> 20) MiB of memory")
    }

    /// Removes parts of the input as long as something still does not hold, for a few seconds.
    private func shrink(_ input: [UInt8], _ folder: String) -> [UInt8] {
        var least = input
        let end = ContinuousClock.now + .seconds(5)
        var size = least.count / 2
        while size > 0, ContinuousClock.now < end {
            var start = 0
            while start < least.count, ContinuousClock.now < end {
                var less = least
                less.removeSubrange(start..<min(start + size, less.count))
                do {
                    try attempt(less, folder)
                    start += size
                } catch {
                    least = less
                }
            }
            size /= 2
        }
        return least
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// What the process has in memory (proc(5), `VmHWM` and `clear_refs`).
private enum Memory {
    /// Forgets the peak so far, and returns what there is now, in bytes.
    static func resetPeak() -> Int {
        let file = open("/proc/self/clear_refs", O_WRONLY)
        if file >= 0 {
            _ = write(file, "5", 1)
            close(file)
        }
        return field("VmRSS:")
    }

    static func peak() -> Int { field("VmHWM:") }

    private static func field(_ name: String) -> Int {
        let file = open("/proc/self/status", O_RDONLY)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(file, &bytes, bytes.count)
        let lines = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix(name) }) else { return 0 }
        return (Int(line.filter(\.isNumber)) ?? 0) << 10
    }
}

extension FuzzRun {
    private final class Job: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    static func onSmallStack<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        let result: Result<Value, any Error> = await withCheckedContinuation { continuation in
            let job = Unmanaged.passRetained(Job { continuation.resume(returning: Result { try body() }) })
            var attributes = pthread_attr_t()
            pthread_attr_init(&attributes)
            defer { pthread_attr_destroy(&attributes) }
            pthread_attr_setstacksize(&attributes, stackBytes)
            pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
            var thread = pthread_t()
            let error = pthread_create(
                &thread,
                &attributes,
                { context in
                    guard let context else { return nil }
                    Unmanaged<Job>.fromOpaque(context).takeRetainedValue().body()
                    return nil
                },
                job.toOpaque()
            )
            if error != 0 {
                job.release()
                continuation.resume(returning: .failure(Broken("there is no thread to be had: \(error)")))
            }
        }
        return try result.get()
    }
}
