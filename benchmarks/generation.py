"""Nodes a second: rendered only, proven statically, and proven by running them."""

import asyncio
from dataclasses import replace
from pathlib import Path

from benchmarks.ratios import Contender, Figure, alternate, report
from nodewright.generation.model import NodePlan, Plan, Verify
from nodewright.generation.proof import load_templates
from nodewright.generation.proving import Proof, prove
from nodewright.generation.render import render_node
from nodewright.generation.workers import ProcessWorkers
from nodewright.templates import TemplatePack
from nodewright.workflow import prepare

EXAMPLES = Path(__file__).parents[1] / "examples"
NODES = 48


def many(count: int) -> Plan:
    """A plan of ``count`` nodes: those of the examples, again and again under other names."""
    plans = [prepare(path).plan for path in sorted(EXAMPLES.glob("*.md"))]
    pool = [node for plan in plans for node in plan.nodes if node.kind != "ORCHESTRATOR"]
    nodes: list[NodePlan] = []
    while len(nodes) < count:
        node = pool[len(nodes) % len(pool)]
        nodes.append(replace(node, slug=f"{node.slug}_{len(nodes)}"))
    return replace(plans[0], nodes=tuple(nodes))


async def prove_all(plan: Plan, workers: ProcessWorkers, count: int, verify: Verify) -> None:
    async for node in prove(plan, plan.nodes, workers, count, Proof(verify)):
        assert node.passed, node.reason


def main() -> None:
    plan = many(NODES)
    pack = TemplatePack()
    load_templates()
    workers = ProcessWorkers(2)

    def proven(verify: Verify, count: int) -> Contender:
        return Contender(
            f"{verify}, {count} worker{'s' if count > 1 else ''}",
            lambda: asyncio.run(prove_all(plan, workers, count, verify)),
            NODES,
        )

    timings = alternate(
        [
            Contender(
                "rendered, not judged",
                lambda: [render_node(plan, node, pack) for node in plan.nodes],
                NODES,
            ),
            proven(Verify.STATIC, 1),
            proven(Verify.STATIC, 2),
            proven(Verify.RUN, 1),
            proven(Verify.RUN, 2),
        ],
        rounds=5,
    )
    workers.close()
    medians = {name: timing.median for name, timing in timings.items()}
    cost = medians["run, 1 worker"] / medians["static, 1 worker"]
    speedup = medians["run, 1 worker"] / medians["run, 2 workers"]
    report(
        f"Generation of {NODES} nodes (times are for one node)",
        timings.values(),
        [
            Figure(
                "nodes a second, run, 2 workers",
                1 / medians["run, 2 workers"],
                100,
                at_least=True,
                unit="/s",
            ),
            Figure("run: 2 workers against 1", speedup, 1.8, at_least=True),
        ],
        notes=[
            f"static, 2 workers: {1 / medians['static, 2 workers']:.0f} nodes a second",
            f"running takes {cost:.1f} times as long as judging statically",
        ],
    )


if __name__ == "__main__":
    main()
