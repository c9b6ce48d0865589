// SPDX-License-Identifier: Apache-2.0

/// How pools did in the last hour, exported by the fleet's reporter.
extension MetricCatalogue {
    private static let poolOfLate = ["template_name", "preset_name", "org_name"]
    private static let poolQuantile = ["template_name", "preset_name", "org_name", "quantile"]

    static let poolsOfLate = [
        poolHitRatio, poolWaits, poolBind, poolUsable, poolReady, poolIdle, poolWasted,
    ]

    package static let poolHitRatio = MetricFamily(
        "stoker_pool_hit_ratio",
        .gauge,
        labels: poolOfLate,
        help: "Share of the pool's claims of the last hour that got a prebuild, errors aside; absent without any."
    )
    package static let poolWaits = MetricFamily(
        "stoker_pool_waits",
        .gauge,
        labels: poolOfLate,
        help: "Claims of the last hour that got their prebuild after they had waited for it."
    )
    package static let poolBind = MetricFamily(
        "stoker_pool_bind_seconds",
        .gauge,
        labels: poolQuantile,
        help: "From a claim of the last hour until its user owned the workspace; absent without any."
    )
    package static let poolUsable = MetricFamily(
        "stoker_pool_usable_seconds",
        .gauge,
        labels: poolQuantile,
        help: "From a claim of the last hour until its build had succeeded; absent without any."
    )
    package static let poolReady = MetricFamily(
        "stoker_pool_ready_seconds",
        .gauge,
        labels: poolQuantile,
        help: "From the order of a prebuild in the last hour until it could be claimed; absent without any."
    )
    package static let poolIdle = MetricFamily(
        "stoker_pool_idle_seconds",
        .gauge,
        labels: poolOfLate,
        help: "The sum over all ready prebuilds of the time that they waited for a claim in the last hour."
    )
    package static let poolWasted = MetricFamily(
        "stoker_pool_wasted_builds",
        .gauge,
        labels: poolOfLate,
        help: "Prebuilds that were ready and were removed unclaimed in the last hour."
    )
}
