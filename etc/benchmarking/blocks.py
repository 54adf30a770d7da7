"""How many examples go through a network at once: every size against the one that the program chooses."""
from timing import alternate


def measure(cases, program, rounds):
    """Seconds of a pass by block size, and of the chosen one (`BlockSize`, its constants)."""
    result = {}
    for case in cases:
        case.export()
        repeats = 2 if case.parameters > 50_000_000 else 5

        def turn(*arguments):
            report, taken = program.trace(case, repeats, *arguments)
            return report["took"].get("network_seconds", taken)

        sizes = [n for n in (1, 2, 4, 8, 16, 32, 64, 128) if n <= case.examples // program.threads]
        rivals = {n: (lambda n=n: turn("--block-examples", n)) for n in sizes}
        taken = alternate({"chosen": turn, **rivals}, rounds)
        best = min(sizes, key=taken.get)
        result[case.name] = {
            "seconds": {str(size): round(s, 5) for size, s in taken.items()}, "best": best,
            "chosen_to_best": round(taken["chosen"] / taken[best], 3)}
    return result
