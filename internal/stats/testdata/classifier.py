# Makes classifier.csv with fractions and 60 digits:
#     python3 classifier.py > classifier.csv        (mpmath 1.3.0)
# Each line: function, lists of numbers with spaces between them, value to 20 digits.
# All is by its definition: AUC and DeLong over all pairs, the exact trend over all
# tables of counts, so that nothing is shared with the Go code.
from fractions import Fraction as F
from itertools import product
from math import comb
from mpmath import mp, mpf, erfc, sqrt, log, exp, nstr
mp.dps = 60

def big(v): return mpf(v.numerator) / mpf(v.denominator) if isinstance(v, F) else mpf(v)
def out(name, *args):
    print(",".join([name] + [" ".join(repr(x) for x in a) for a in args[:-1]] + [nstr(big(args[-1]), 20)]))
def Phi(x): return erfc(-x / sqrt(mpf(2))) / 2
def z(p):
    lo, hi = mpf(-40), mpf(40)
    for _ in range(200):
        m = (lo + hi) / 2
        if Phi(m) < p: lo = m
        else: hi = m
    return lo

# A linear congruential generator, so that the data are those of the file.
state = 9
def draw(n):
    global state
    state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
    return (state >> 33) % n

def psi(x, y): return F(1) if x > y else F(1, 2) if x == y else F(0)
def var(v):
    m = sum(v) / len(v)
    return sum((x - m)**2 for x in v) / (len(v) - 1)
def auc(up, low):
    v10 = [sum(psi(x, y) for y in low) / len(low) for x in up]
    v01 = [sum(psi(x, y) for x in up) / len(up) for y in low]
    a, v = sum(v10) / len(up), var(v10) / len(up) + var(v01) / len(low)
    out("auc", up, low, a); out("delong", up, low, v)
    if v > 0 and 0 < a < 1:
        half = z(mpf('.975')) * sqrt(big(v)) / big(a * (1 - a))
        o = log(big(a / (1 - a)))
        out("aucLo", up, low, 1 / (1 + exp(half - o))); out("aucHi", up, low, 1 / (1 + exp(-half - o)))
    for x in (F(1, 2), F(3, 4)):
        more = F(len(up) + len(low), 2) - 1
        s = sqrt(big(x * (1 - x) * (1 + more * (1 - x) / (2 - x) + more * x / (1 + x)) / (len(up) * len(low))))
        t = (big(a) - big(x)) / s
        out("aucBelow", up, low, (float(x),), Phi(t)); out("aucAbove", up, low, (float(x),), Phi(-t))
auc([3, 1, 2, 3], [0, 1, 0, 2, 1, 0])
auc([1, 1, 2], [3, 2, 3, 0])
auc([4, 5], [1, 2, 3])
auc([1, 1], [1, 1, 1])
auc([draw(4) for _ in range(12)], [draw(3) for _ in range(60)])
auc([draw(100) for _ in range(20)], [draw(90) for _ in range(45)])

def trend(k, n):
    N, K = sum(n), sum(k)
    mean = F(sum(i * c for i, c in enumerate(n)), N)
    t = sum(i * c for i, c in enumerate(k)) - K * mean
    v = F(K * (N - K), N * (N - 1)) * sum(c * (i - mean)**2 for i, c in enumerate(n))
    out("trend", k, n, big(t) / sqrt(big(v)))
    if max(n) <= 40:
        seen, lower, upper = sum(i * c for i, c in enumerate(k)), 0, 0
        for x in product(*[range(min(c, K) + 1) for c in n]):
            if sum(x) != K: continue
            w = 1
            for c, j in zip(n, x): w *= comb(c, j)
            s = sum(i * j for i, j in enumerate(x))
            if s <= seen: lower += w
            if s >= seen: upper += w
        out("trendLower", k, n, F(lower, comb(N, K))); out("trendUpper", k, n, F(upper, comb(N, K)))
trend([1, 2, 3], [10, 10, 10]); trend([5, 2, 0, 1], [12, 9, 7, 4]); trend([0, 1, 3, 4], [20, 15, 8, 5])
trend([30, 14, 9, 5], [32, 15, 9, 6]); trend([0, 4], [9, 9]); trend([12, 11, 14, 13], [240, 130, 80, 50])

def forecast(p, y, cuts):
    # p are binary fractions, so that they are the same numbers in Go.
    q, n = [F(x) for x in p], len(p)
    base = F(sum(y), n)
    rel = res = wit = cov = F(0)
    for a, b in zip(cuts, cuts[1:]):
        m, r, c = sum(q[a:b]) / (b - a), F(sum(y[a:b]), b - a), b - a
        rel += c * (m - r)**2; res += c * (r - base)**2
        wit += sum((x - m)**2 for x in q[a:b]); cov += sum((x - m) * (o - r) for x, o in zip(q[a:b], y[a:b]))
    score = sum((x - o)**2 for x, o in zip(q, y)) / n
    assert score == rel / n - res / n + base * (1 - base) + wit / n - 2 * cov / n
    for name, v in [("brier", score), ("reliability", rel / n), ("resolution", res / n), ("uncertainty", base * (1 - base)), ("within", wit / n), ("covariance", cov / n)]:
        out(name, p, y, cuts, v)
    out("spiegelhalter", p, y, cuts, big(sum((o - x) * (1 - 2 * x) for x, o in zip(q, y))) / sqrt(big(sum((1 - 2 * x)**2 * x * (1 - x) for x in q))))
forecast([.125, .25, .5, .75], [0, 1, 1, 0], [0, 2, 4])
forecast([.0625] * 5 + [.3125] * 4 + [.875] * 3, [0, 0, 0, 1, 0, 1, 0, 0, 1, 1, 1, 0], [0, 5, 9, 12])
p = sorted((1 + draw(254)) / 256 for _ in range(60))
forecast(p, [1 if draw(256) < 256 * x else 0 for x in p], [0, 12, 25, 40, 60])
