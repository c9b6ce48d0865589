// SPDX-License-Identifier: Apache-2.0

import Basics
import CLibCurl
import Glibc

/// The thread behind an ``HTTPClient``: owns libcurl's multi handle and all transfers.
///
/// Not Sendable: after ``start()`` nothing but the thread touches it; callers talk to its ``mailbox``.
final class TransferLoop {
    let mailbox: Mailbox
    private let multi: MultiHandle
    private let configuration: HTTPClientConfiguration
    private var admission: Admission<Ticket>
    private var waiting: [Ticket: Submission] = [:]
    private var running: [UnsafeMutableRawPointer: Transfer] = [:]

    init(_ configuration: HTTPClientConfiguration) throws(HTTPFailure) {
        guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK, let pointer = curl_multi_init() else {
            throw HTTPFailure(.local, "libcurl could not be initialised")
        }
        self.multi = MultiHandle(pointer: pointer)
        self.mailbox = Mailbox(waking: multi)
        self.configuration = configuration
        self.admission = Admission(
            limit: configuration.maximumTransfers,
            limitPerKey: configuration.maximumTransfersPerKey
        )
        // Idle connections kept for the next request; by default libcurl would keep four per transfer.
        _ = stoker_curl_multi_set_long(pointer, CURLMOPT_MAXCONNECTS, configuration.maximumTransfers)
    }

    /// Runs the loop on a new thread, which keeps it alive until a `close` message arrives.
    func start() throws(HTTPFailure) {
        // From here on, only the thread uses it.
        nonisolated(unsafe) let loop = self
        do throws(SystemError) { try DedicatedThread.start("stoker-http") { loop.run() } } catch {
            curl_multi_cleanup(multi.pointer)
            throw HTTPFailure(.local, "no thread for the HTTP client: \(error)")
        }
    }

    private func run() {
        blockBrokenPipeSignal()
        while handleLetters() {
            startAdmitted()
            var active: Int32 = 0
            let performed = curl_multi_perform(multi.pointer, &active)
            if performed != CURLM_OK { failRunning(performed) }
            // Finished transfers make room for others: begin those before the loop sleeps.
            if !handleEnded() {
                curl_multi_poll(multi.pointer, nil, 0, 60_000, nil)
            }
        }
        end()
    }

    /// Returns false when the loop shall end.
    private func handleLetters() -> Bool {
        for letter in mailbox.collect() {
            switch letter {
            case .submit(let submission):
                guard !submission.ticket.isCanceled else {
                    submission.continuation.resume(returning: .failure(.canceled))
                    continue
                }
                waiting[submission.ticket] = submission
                admission.enqueue(submission.ticket, key: submission.key)
            case .cancel(let ticket):
                if let submission = waiting.removeValue(forKey: ticket) {
                    admission.remove(ticket, key: submission.key)
                    submission.continuation.resume(returning: .failure(.canceled))
                } else if let transfer = running.values.first(where: { $0.submission.ticket == ticket }) {
                    finish(transfer, .failure(.canceled))
                }
            case .close:
                return false
            }
        }
        return true
    }

    private func startAdmitted() {
        while let ticket = admission.admit() {
            guard let submission = waiting.removeValue(forKey: ticket) else { continue }
            do throws(HTTPFailure) {
                let transfer = try Transfer(submission, configuration)
                let added = curl_multi_add_handle(multi.pointer, transfer.easy)
                guard added == CURLM_OK else {
                    throw HTTPFailure(.local, String(cString: curl_multi_strerror(added)))
                }
                running[transfer.easy] = transfer
            } catch {
                admission.remove(ticket, key: submission.key)
                submission.continuation.resume(returning: .failure(error))
            }
        }
    }

    /// Answers the callers of all transfers that have ended; returns whether there were any.
    private func handleEnded() -> Bool {
        var anyEnded = false
        var remaining: Int32 = 0
        while let message = curl_multi_info_read(multi.pointer, &remaining) {
            guard message.pointee.msg == CURLMSG_DONE, let transfer = running[message.pointee.easy_handle] else {
                continue
            }
            finish(transfer, transfer.result(message.pointee.data.result))
            anyEnded = true
        }
        return anyEnded
    }

    private func finish(_ transfer: Transfer, _ result: Result<HTTPClient.Response, HTTPFailure>) {
        running[transfer.easy] = nil
        curl_multi_remove_handle(multi.pointer, transfer.easy)
        admission.remove(transfer.submission.ticket, key: transfer.submission.key)
        transfer.submission.continuation.resume(returning: result)
    }

    private func failRunning(_ code: CURLMcode) {
        let failure = HTTPFailure(.local, String(cString: curl_multi_strerror(code)))
        for transfer in Array(running.values) { finish(transfer, .failure(failure)) }
    }

    private func end() {
        let unread = mailbox.close()
        for transfer in Array(running.values) { finish(transfer, .failure(.clientClosed)) }
        for submission in waiting.values { submission.continuation.resume(returning: .failure(.clientClosed)) }
        for case .submit(let submission) in unread {
            submission.continuation.resume(returning: .failure(.clientClosed))
        }
        waiting.removeAll()
        curl_multi_cleanup(multi.pointer)
    }

    /// A write to a connection that the peer has closed must be an error, not the end of the process. With `NOSIGNAL`
    /// libcurl leaves signals alone, so this thread blocks SIGPIPE.
    private func blockBrokenPipeSignal() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }
}
