"""Labels of programs after those of somebody who never read the rules (batches 10 to 12).

Their own programs are not here: those that were judged wrongly, or described wrongly, were
written again in this house's style, with the labels that they had.
"""
from case import LEAK, SAW, STEADY, STORM, WARM, Case

NODE_RING = """
const ring = new Array(200); let n = 0;
const t = setInterval(() => { for (let i = 0; i < 3; i++)
    ring[n++ % 200] = Buffer.allocUnsafeSlow(20000).fill(1); }, 10);
setTimeout(() => clearInterval(t), 12000);"""

STRANGERS = [
    Case("errands", name, verdict, culprit, **more) for name, verdict, culprit, more in (
        ("reader-dies", LEAK, ("enqueue_order",), {}),
        ("one-in-eight", LEAK, ("open_session",), {}),
        ("joined", STEADY, (), {}),
        ("tombstones", LEAK, ("make_payload",), {}),
        ("fills-in-a-third", WARM + STEADY, (), {}),
        ("reports-above-a-heap", STEADY + SAW, (), {}),
        ("reports-above-a-heap", STEADY + SAW, (), {"scale": 1.2}),
        ("sizes-by-chance", STEADY + WARM, (), {}),
        ("terms", STORM, ("parse_term",), {}),
        ("full-then-replaced", WARM, (), {}),
        ("full-then-replaced", WARM, (), {"seconds": 12}),
        ("limit-doubled", WARM + STEADY, (), {}),
        ("limit-doubled", WARM + STEADY, (), {"seconds": 12}),
        ("more-users", STEADY, (), {}),
        ("more-users", STEADY, (), {"seconds": 12}))
] + [
    Case("searches", name, verdict, culprit, **more) for name, verdict, culprit, more in (
        ("ways", STEADY, (), {}),
        ("settings-copied", STEADY + WARM, (), {}),
        ("crews", STEADY, (), {}),
        ("letters", LEAK, ("search::Letters::add",), {}),
        ("reloads", LEAK, ("search::parse_directives",), {}),
        ("listeners-stay", LEAK, ("search::listen_for",), {}),
        ("expressions", STORM, ("search::is_address",), {}),
        ("series", LEAK, ("search::series",), {}))
] + [
    Case("disguises", name, verdict, culprit, **more) for name, verdict, culprit, more in (
        ("evening", LEAK, ("note_order", "serve_order"), {}),
        ("evening", LEAK, ("note_order", "serve_order"), {"scale": 0.4, "seconds": 12}),
        ("smaller-bursts", LEAK, ("take_measure",), {}),
        ("smaller-bursts", LEAK, ("take_measure",), {"scale": 3, "seconds": 16, "interval": "500ms"}),
        ("fewer-misses", WARM, ("learn",), {}),
        ("fewer-misses", WARM, ("learn",), {"scale": 2.5, "seconds": 12}),
        ("quiet-hits", WARM + STEADY, (), {}),
        ("quiet-hits", WARM + STEADY, (), {"scale": 0.6, "seconds": 12}),
        ("dirty-rows", LEAK, ("insert_row",), {"seconds": 12}),
        ("dirty-rows", LEAK, ("insert_row",), {"scale": 4, "seconds": 16}),
        ("clean-rows", SAW, ("insert_row",), {"seconds": 12}),
        ("clean-rows", SAW, ("insert_row",), {"scale": 4, "seconds": 16, "interval": "500ms"}),
        ("clean-rows-beat", SAW, ("insert_row",), {"seconds": 16, "interval": "250ms"}),
        ("recorder", LEAK, ("record_picture",), {"seconds": 12}),
        ("recorder", LEAK, ("record_picture",), {"scale": 0.3, "seconds": 16}),
        ("bursts-of-clients", LEAK, ("make_key", "open_client"), {"seconds": 12}),
        ("bursts-of-clients", LEAK, ("make_key", "open_client"), {"scale": 2, "seconds": 16, "interval": "1s"}),
        ("marks-stay", WARM + STEADY, (), {}),
        ("marks-stay", WARM + STEADY, (), {"scale": 1.4, "seconds": 12}),
        ("bad-letters", LEAK, ("parse_letter",), {}),
        ("bad-letters", LEAK, ("parse_letter",), {"scale": 0.2, "seconds": 12}))
] + [
    Case("owned", "limiter", STEADY + SAW),
    Case("owned", "limiter", STEADY + SAW + WARM, scale=0.6),
    Case("owned", "limiter-keeps-all", LEAK, ("owned::allow",)),
    Case("/usr/bin/node", "ring of buffers", STEADY + SAW + WARM, argv=("-e", NODE_RING),
         seconds=12, by_hand=True),
]
