# Makes classifier.csv with exact fractions, and 40 digits for the square root:
#     python3 classifier.py > classifier.csv
# Each line: function, counts of failures by group, sizes of groups, value to 20
# digits. Pairs are counted one by one and failures are dealt by recursion, so it
# shares nothing with the Go code.
from fractions import Fraction as F
from math import comb
from decimal import Decimal, getcontext
getcontext().prec = 40

def text(f): return format((Decimal(f.numerator) / Decimal(f.denominator)), ".20g")
def out(name, failed, of, v): print(",".join([name, " ".join(map(str, failed)), " ".join(map(str, of)), text(v)]))

def area(failed, of):
    a = [i for i, k in enumerate(failed) for _ in range(k)]
    b = [i for i, k in enumerate(failed) for _ in range(of[i] - k)]
    psi = lambda x, y: F(1) if x > y else F(1, 2) if x == y else F(0)
    v10 = [sum(psi(x, y) for y in b) / len(b) for x in a]
    v01 = [sum(psi(x, y) for x in a) / len(a) for y in b]
    theta = sum(v10) / len(a)
    var = lambda v: sum((x - theta) ** 2 for x in v) / (len(v) - 1)
    return theta, var(v10) / len(a) + var(v01) / len(b)

def tails(failed, of):
    k, observed = sum(failed), sum(i * x for i, x in enumerate(failed))
    lower = upper = 0
    def deal(i, left, ways, s):
        nonlocal lower, upper
        if i == len(of):
            if left == 0:
                if s <= observed: lower += ways
                if s >= observed: upper += ways
            return
        for here in range(min(left, of[i]) + 1):
            deal(i + 1, left - here, ways * comb(of[i], here), s + i * here)
    deal(0, k, 1, 0)
    return F(lower, comb(sum(of), k)), F(upper, comb(sum(of), k))

for failed, of in [([1, 2], [10, 9]), ([3, 4, 5, 6], [120, 80, 40, 20]), ([6, 5, 4, 3], [120, 80, 40, 20]), ([0, 0, 2, 0], [5, 5, 5, 5]),
                   ([10, 11, 12, 13], [250, 150, 70, 30]), ([17, 16, 4, 1], [250, 150, 70, 30]), ([4, 9, 2, 1], [5, 10, 2, 2]),
                   ([30, 30, 30], [3000, 2000, 1000]), ([0, 3, 0, 3], [0, 40, 0, 20])]:
    a, v = area(failed, of)
    out("auc", failed, of, a); out("delong", failed, of, v)
    lo, hi = tails(failed, of)
    out("trendLower", failed, of, lo); out("trendUpper", failed, of, hi)
