// swift-tools-version: 6.3
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let swift: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .treatAllWarnings(as: .error),
]

/// What `stoker --version` says, when a build is told (Scripts/version); otherwise the release in the source.
let version = (Context.environment["STOKER_VERSION"] ?? "").filter {
    $0.isASCII && ($0.isLetter || $0.isNumber || ".+-".contains($0))
}

/// `unsafe` may be written in the targets that touch C, and nowhere else.
let safe = swift + [.strictMemorySafety()]

extension Target.Dependency {
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let coreMetrics = product(name: "CoreMetrics", package: "swift-metrics")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
    static let inMemoryTracing = product(name: "InMemoryTracing", package: "swift-distributed-tracing")
    static let lifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let logging = product(name: "Logging", package: "swift-log")
    static let metrics = product(name: "Metrics", package: "swift-metrics")
    static let metricsTestKit = product(name: "MetricsTestKit", package: "swift-metrics")
    static let mustache = product(name: "Mustache", package: "swift-mustache")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let subprocess = product(name: "Subprocess", package: "swift-subprocess")
    static let systemPackage = product(name: "SystemPackage", package: "swift-system")
    static let tracing = product(name: "Tracing", package: "swift-distributed-tracing")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let yams = product(name: "Yams", package: "Yams")
}

/// A folder of tests for each target, and those that run the built binary.
let tests: [Target] = [
    .testTarget(name: "BasicsTests", dependencies: ["Basics", "TestSupport"], swiftSettings: swift),
    .testTarget(
        name: "BenchTests",
        dependencies: ["Bench", "LocalPostgres", "PostgresClient", "Store", "TestSupport"],
        swiftSettings: swift
    ),
    .testTarget(
        name: "PostgresClientTests",
        dependencies: ["PostgresClient", "LocalPostgres", "TestSupport", .logging, .metrics, .metricsTestKit],
        swiftSettings: swift
    ),
    .testTarget(
        name: "CurlClientTests",
        dependencies: ["CurlClient", "TestSupport", .httpTypes, .subprocess, .systemPackage],
        swiftSettings: swift
    ),
    .testTarget(name: "TimeTests", dependencies: ["TestSupport", "Time"], swiftSettings: swift),
    .testTarget(name: "PatternsTests", dependencies: ["Patterns", "TestSupport"], swiftSettings: swift),
    .testTarget(name: "DomainTests", dependencies: ["Domain"], swiftSettings: swift),
    .testTarget(
        name: "PrebuildsTests",
        dependencies: ["Domain", "Prebuilds", "TestSupport", "Time"],
        swiftSettings: swift
    ),
    .testTarget(
        name: "SupervisionTests",
        dependencies: ["Supervision", "TestSupport", .systemPackage],
        swiftSettings: swift
    ),
    .testTarget(
        name: "TemplatesTests",
        dependencies: ["Basics", "Domain", "Prebuilds", "Templates"],
        swiftSettings: swift
    ),
    .testTarget(
        name: "StoreTests",
        dependencies: [
            "Basics", "Domain", "Operations", "PostgresClient", "Prebuilds", "Store", "Templates", "TestSupport",
            "Time", "Webhooks", "Worker", .logging, .subprocess, .systemPackage,
        ],
        swiftSettings: swift
    ),
    .testTarget(
        name: "ProvisioningTests",
        dependencies: [
            "Basics", "CLinux", "Domain", "Prebuilds", "Provisioning", "Stoker", "Templates", "TestSupport", .crypto,
            .subprocess, .systemPackage,
        ],
        swiftSettings: swift
    ),
    .testTarget(
        name: "WebhooksTests",
        dependencies: [
            "Basics", "CurlClient", "Domain", "TestSupport", "Time", "Webhooks", .crypto, .httpTypes, .subprocess,
            .systemPackage,
        ],
        exclude: ["Golden"],
        swiftSettings: swift
    ),
    .testTarget(
        name: "TestSupportTests",
        dependencies: ["LocalPostgres", "TestSupport", .logging, .subprocess, .systemPackage],
        swiftSettings: swift
    ),
    .testTarget(
        name: "TelemetryTests",
        dependencies: ["Telemetry", "TestSupport", .coreMetrics, .logging, .metrics, .subprocess, .systemPackage],
        swiftSettings: swift
    ),
    .testTarget(
        name: "LocalPostgresTests",
        dependencies: ["LocalPostgres", "TestSupport", .logging, .subprocess, .systemPackage],
        swiftSettings: swift
    ),
    .testTarget(
        name: "ServerTests",
        dependencies: [
            "Basics", "CurlClient", "Domain", "Operations", "PostgresClient", "Prebuilds", "Provisioning", "Server",
            "Store", "Telemetry", "Templates", "TestSupport", .coreMetrics, .httpTypes, .hummingbird, .lifecycle,
            .logging,
            .subprocess, .systemPackage, .yams,
        ],
        exclude: ["schemathesis.toml"],
        swiftSettings: swift
    ),
    .testTarget(
        name: "WorkerTests",
        dependencies: [
            "Basics", "Bench", "CurlClient", "Domain", "Operations", "PostgresClient", "Prebuilds", "Provisioning",
            "Store",
            "Telemetry", "Templates", "TestSupport", "Time", "Webhooks", "Worker", .inMemoryTracing, .lifecycle,
            .logging, .tracing,
        ],
        swiftSettings: swift
    ),
    .testTarget(
        name: "CommandsTests",
        dependencies: [
            "Basics", "Commands", "CurlClient", "LocalPostgres", "Operations", "PostgresClient", "Domain", "Prebuilds",
            "Time",
            "Provisioning",
            "Server", "Store", "Supervision", "Telemetry", "Templates", "TestSupport", "Webhooks", "Worker",
            .argumentParser, .httpTypes, .lifecycle, .logging, .systemPackage, .unixSignals,
        ],
        swiftSettings: swift
    ),
    .testTarget(
        name: "FuzzTests",
        dependencies: [
            "Basics", "Commands", "CurlClient", "Domain", "Operations", "Patterns", "PostgresClient", "Prebuilds",
            "Provisioning", "Server", "Store", "Telemetry", "Templates", "TestSupport", "Time", .httpTypes, .lifecycle,
            .logging,
            .systemPackage,
        ],
        exclude: ["Corpus"],
        swiftSettings: swift
    ),
    .testTarget(
        name: "EndToEndTests",
        dependencies: ["Domain", "PostgresClient", "Stoker", "Store", "TestSupport", .subprocess, .systemPackage],
        exclude: ["console.py", "thief.py"],
        swiftSettings: swift
    ),
    .testTarget(
        name: "ChaosTests",
        dependencies: [
            "LocalPostgres", "PostgresClient", "Stoker", "Store", "TestSupport", .logging, .subprocess, .systemPackage,
        ],
        exclude: ["stalling_proxy.py", "wrong_clock.c"],
        swiftSettings: swift
    ),
]

let package = Package(
    name: "stoker",
    products: [
        .executable(name: "stoker", targets: ["Stoker"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto.git", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing.git", exact: "1.7.3"),
        .package(url: "https://github.com/apple/swift-http-types.git", exact: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log.git", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-system.git", exact: "1.8.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache.git", exact: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams.git", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", exact: "1.0.2", traits: []),
    ],
    targets: [
        // C: module maps, and inline shims for what Swift cannot call.
        .systemLibrary(
            name: "CLibPQ",
            pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"]), .brew(["libpq"])]
        ),
        .systemLibrary(
            name: "CLibCurl",
            pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]
        ),
        .systemLibrary(
            name: "CZlib",
            pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]
        ),
        .target(name: "CLinux"),
        .target(name: "CTerminal"),
        .target(name: "CBuildInfo", cSettings: [.define("STOKER_VERSION", to: "\"\(version)\"")]),

        // Leaves.
        .target(name: "Basics", dependencies: ["CLinux"], swiftSettings: swift),
        .target(
            name: "PostgresClient",
            dependencies: ["Basics", "CLibPQ", "CLinux", .logging, .metrics],
            swiftSettings: swift
        ),
        .target(name: "CurlClient", dependencies: ["Basics", "CLibCurl", .httpTypes], swiftSettings: swift),
        .target(name: "Time", swiftSettings: safe),
        .target(name: "Patterns", swiftSettings: safe),
        .target(name: "Supervision", dependencies: ["CLinux"], swiftSettings: swift),

        // What all rooms share, and rules.
        .target(name: "Domain", dependencies: ["Basics", "Patterns", "Time"], swiftSettings: safe),
        .target(name: "Prebuilds", dependencies: ["Domain", "Time"], swiftSettings: safe),
        .target(
            name: "Templates",
            dependencies: ["Basics", "Domain", "Patterns", "Prebuilds", "Time", .crypto, .yams],
            swiftSettings: safe
        ),

        // Middle.
        .target(
            name: "Store",
            dependencies: ["Basics", "Domain", "PostgresClient", "Prebuilds", "Templates", "Time", .crypto, .tracing],
            resources: [.embedInCode("Schema/Migrations")],
            swiftSettings: safe
        ),
        .target(
            name: "Provisioning",
            dependencies: ["Basics", "CLinux", "CZlib", "Domain", "Templates", .crypto, .systemPackage],
            swiftSettings: swift
        ),
        .target(
            name: "Webhooks",
            dependencies: ["Basics", "CurlClient", "Domain", "Time", .crypto, .httpTypes],
            swiftSettings: safe
        ),
        .target(
            name: "Telemetry",
            dependencies: ["Basics", .logging, .metrics, .coreMetrics, .systemPackage],
            swiftSettings: safe
        ),
        .target(
            name: "LocalPostgres",
            dependencies: ["Basics", .logging, .subprocess, .systemPackage],
            swiftSettings: swift
        ),

        // What can be asked.
        .target(
            name: "Operations",
            dependencies: [
                "Basics", "CurlClient", "PostgresClient", "Domain", "Prebuilds", "Time", "Provisioning", "Store",
                "Templates",
                "Webhooks",
                .crypto, .httpTypes, .logging, .tracing,
            ],
            swiftSettings: safe
        ),

        // Services.
        .target(
            name: "Worker",
            dependencies: [
                "Basics", "CurlClient", "Operations", "PostgresClient", "Domain", "Prebuilds", "Time", "Provisioning",
                "Store",
                "Telemetry",
                "Templates",
                "Webhooks",
                .crypto, .httpTypes, .lifecycle, .logging, .metrics, .tracing,
            ],
            swiftSettings: safe
        ),
        .target(
            name: "Server",
            dependencies: [
                "Basics", "CurlClient", "Domain", "Operations", "PostgresClient", "Prebuilds", "Store", "Telemetry",
                "Templates", "Time", "Webhooks", .crypto, .httpTypes, .hummingbird, .hummingbirdCore, .lifecycle,
                .logging, .metrics, .mustache, .nioCore, .nioHTTP1,
            ],
            resources: [
                .embedInCode("Description"), .embedInCode("Console/Assets"), .embedInCode("Console/Templates"),
            ],
            swiftSettings: safe
        ),

        // Rim.
        .target(
            name: "Bench",
            dependencies: [
                "Basics", "CurlClient", "Domain", "LocalPostgres", "Operations", "PostgresClient", "Prebuilds",
                "Server",
                "Store", "Supervision", "Telemetry", "Templates", "Time", "Webhooks", "Worker", .httpTypes, .lifecycle,
                .logging, .systemPackage,
            ],
            resources: [.embedInCode("Floors/Scripts")],
            swiftSettings: safe
        ),
        .target(
            name: "Commands",
            dependencies: [
                "Basics", "Bench", "CBuildInfo", "CTerminal", "CurlClient", "LocalPostgres", "Operations",
                "PostgresClient",
                "Domain",
                "Prebuilds", "Time",
                "Provisioning",
                "Server", "Store", "Supervision", "Telemetry", "Templates", "Webhooks", "Worker",
                .argumentParser, .httpTypes, .lifecycle, .logging, .metrics, .systemPackage, .unixSignals,
                .yams,
            ],
            resources: [.embedInCode("Examples")],
            swiftSettings: safe
        ),
        .executableTarget(name: "Stoker", dependencies: ["Commands"], swiftSettings: safe),

        // Tests.
        .target(
            name: "TestSupport",
            dependencies: [
                "Basics", "LocalPostgres", "PostgresClient", "Prebuilds", "Store", "Time", .inMemoryTracing, .logging,
                .subprocess, .systemPackage, .tracing,
            ],
            swiftSettings: swift
        ),
    ] + tests
)
