# Makes golden.csv with an arithmetic of 60 digits:
#     python3 golden.py > golden.csv        (mpmath 1.3.0)
# Each line: function, arguments, value to 20 digits. Quantiles are found by
# bisection of the distribution, so they share nothing with the Go code.
from mpmath import mp, mpf, gammainc, betainc, erfc, sqrt, log, exp, inf, nstr, findroot
mp.dps = 60

def out(name, args, v): print(",".join([name] + [repr(a) for a in args] + [nstr(v, 20)]))
def invert(f, p, lo, hi):
    lo, hi = mpf(lo), mpf(hi)
    for _ in range(190):
        m = (lo + hi) / 2
        if f(m) < p: lo = m
        else: hi = m
    return (lo + hi) / 2
def P(a, x): return gammainc(mpf(a), 0, mpf(x), regularized=True)
def I(x, a, b): return betainc(mpf(a), mpf(b), 0, mpf(x), regularized=True)
def Phi(x): return erfc(-x / sqrt(mpf(2))) / 2

for a, x in [(.5, .1), (1, 1), (10, 5), (10, 15), (100, 120), (2000, 1900), (1e-3, 1e-4), (3, 40), (30, 1e-3)]:
    out("P", (a, x), P(a, x)); out("Q", (a, x), gammainc(mpf(a), mpf(x), inf, regularized=True))
for x, a, b in [(.5, .5, .5), (.3, 2, 5), (.02, 1, 200), (.9, 40, 3), (.25, 500, 1500), (1e-6, 3, 7), (.999, 7, 2), (.5, 300, 300)]:
    out("I", (x, a, b), I(x, a, b))
for p in [1e-300, 1e-12, .001, .025, .075, .25, .9, .975, .9999]:
    out("z", (p,), invert(Phi, mpf(p), -40, 10))
for p, k in [(.025, 1), (.975, 2), (.5, 3), (.025, 200), (.975, 202), (1e-4, 10), (.99, .5), (.05, 2001)]:
    out("chi2", (p, k), 2 * invert(lambda x: P(mpf(k) / 2, x), mpf(p), 0, 3 * k + 60))
for p, a, b in [(.025, 1, 20), (.975, 1, 10), (.025, 8, 93), (.975, 9, 92), (.5, .5, .5), (.001, 200, 300), (.025, 3, 9998)]:
    out("beta", (p, a, b), invert(lambda x: I(x, a, b), mpf(p), 0, 1))
for k, n, level in [(0, 10, .95), (1, 10, .95), (3, 25, .95), (10, 10, .9), (81, 263, .99)]:
    z = invert(Phi, mpf(1) / 2 + mpf(level) / 2, -40, 10); q = mpf(k) / n
    # The two roots of |k/n - p| = z sqrt(p(1-p)/n), by the quadratic formula.
    A, B, C = 1 + z*z/n, 2*q + z*z/n, q*q
    d = sqrt(B*B - 4*A*C)
    out("wilsonLo", (k, n, level), (B - d) / (2*A)); out("wilsonHi", (k, n, level), (B + d) / (2*A))
for k, level in [(0, .95), (1, .95), (7, .9), (100, .95), (3000, .99)]:
    t = (1 - mpf(level)) / 2
    out("garwoodLo", (k, level), mpf(0) if k == 0 else invert(lambda x: P(k, x), t, 0, k + 60))
    out("garwoodHi", (k, level), invert(lambda x: P(k + 1, x), 1 - t, 0, 3*k + 60))
for k, n, level in [(0, 10, .95), (1, 10, .95), (3, 25, .95), (10, 10, .9), (81, 263, .99)]:
    t = (1 - mpf(level)) / 2
    out("cpLo", (k, n, level), mpf(0) if k == 0 else invert(lambda x: I(x, k, n - k + 1), t, 0, 1))
    out("cpHi", (k, n, level), mpf(1) if k == n else invert(lambda x: I(x, k + 1, n - k), 1 - t, 0, 1))
# Kaplan-Meier with the log-log band on the maintained group of R's survival::aml,
# Miller (1997), Survival Analysis, p. 49: 9 13 13+ 18 23 28+ 31 34 45+ 48 161+.
s, v, z = mpf(1), mpf(0), invert(Phi, mpf('.975'), -40, 10)
for t, n, d in [(9, 11, 1), (13, 10, 1), (18, 8, 1), (23, 7, 1), (31, 5, 1), (34, 4, 1), (48, 2, 1)]:
    s *= 1 - mpf(d) / n; v += mpf(d) / (n * (n - d))
    w = exp(z * sqrt(v) / abs(log(s)))
    out("kmS", (t,), s); out("kmSE", (t,), s * sqrt(v)); out("kmLo", (t,), s ** w); out("kmHi", (t,), s ** (1 / w))
