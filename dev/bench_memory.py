"""What a worker keeps in memory after many runs of the job."""

from .common import Stop, say

EARLY, LATE = 5, 50
# By turns a package and a few one by one.
SIZES = (40, 3)
LIMIT_RATIO = 1.03


def measure(figures, bench):
    """Show the memory after many runs beside that after a few."""
    say(f"memory after {LATE} runs of the job and after {EARLY}")
    bench.renew({"rate_limits": None})
    company = bench.companies[0]
    sizes = [SIZES[number % len(SIZES)] for number in range(LATE)]
    task = {"lanes": [bench.get_lane(company)], "company": company, "feed": sizes}
    [result] = bench.run_workers([task])
    if bench.count_finished() != sum(sizes):
        raise Stop("Not all invoices were finished.", "read .dev/logs")
    memory = result["memory_mb"]
    print(f"    {memory[EARLY - 1]:.1f} MB, then {memory[LATE - 1]:.1f} MB")
    ratio = memory[LATE - 1] / memory[EARLY - 1]
    figures.show("memory after many runs", ratio, LIMIT_RATIO, "times")
