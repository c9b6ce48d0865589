// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

extension ServerError {
    /// The error of a server that cannot listen; `nil` for other errors.
    init?(binding address: HTTPAddress, _ error: any Error) {
        switch error {
        case let error as IOError: self.init(address, errorNumber: error.errnoCode)
        case is SocketAddressError, is SocketAddressError.UnknownHost: self.init(unresolvable: address, error)
        default: return nil
        }
    }

    private init(_ address: HTTPAddress, errorNumber: Int32) {
        switch errorNumber {
        case EADDRINUSE:
            self.init(
                .addressInUse,
                "another process listens on \(address)",
                remedy: "Stop it (`ss -ltnp 'sport = :\(address.port)'` names it), or set http.address "
                    + "(STOKER_HTTP_ADDRESS) to another port."
            )
        case EACCES, EPERM:
            self.init(
                .notPermitted,
                "this user may not listen on \(address)",
                remedy: "Set http.address (STOKER_HTTP_ADDRESS) to a port from 1024 on."
            )
        case EADDRNOTAVAIL:
            self.init(
                .addressNotAvailable,
                "\(address.host) is not an address of this machine",
                remedy: "Set http.address (STOKER_HTTP_ADDRESS) to one that is, or to 0.0.0.0 for all of them."
            )
        default:
            self.init(
                .other,
                "listening on \(address) failed (errno \(errorNumber))",
                remedy: "Check http.address (STOKER_HTTP_ADDRESS)."
            )
        }
    }

    private init(unresolvable address: HTTPAddress, _ error: any Error) {
        self.init(
            .addressNotAvailable,
            "\(address.host) cannot be resolved (\(error))",
            remedy:
                "Set http.address (STOKER_HTTP_ADDRESS) to an address of this machine, or to 0.0.0.0 for all of them."
        )
    }
}
