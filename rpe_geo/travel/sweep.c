/*
 * Tables of travel times on a contracted network: restricted PHAST.
 *
 * Delling, Goldberg, Nowatzyk, Werneck: PHAST, JPDC 73(7), 2013; Delling, Goldberg, Werneck: Faster batched shortest paths
 * in road networks, ATMOS 2011; Dibbelt, Strasser, Wagner: Customizable contraction hierarchies, JEA 21, 2016.
 *
 * Vertices are named by their rank, the least important first. Weights are whole ticks in 32 bits without sign; FAR is no way, and
 * a sum of two stays below 2^32, so it is only taken down to FAR afterwards. No Python in here: rpe_geo/travel/sweep.py calls by ctypes.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FAR 2147483647u
#define LANES 16

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

#if defined(_WIN32)
#define SHARED __declspec(dllexport)
#else
#define SHARED __attribute__((visibility("default")))
#endif

static int ascending(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* The higher neighbours of each vertex once all lower ones are contracted. Returns their number, -1 when `room` is too small, -2
   without memory. `up_ptr` has n + 1 places. */
SHARED int64_t sweep_complete(int64_t n, const int64_t *ptr, const int32_t *heads, int64_t room, int64_t *up_ptr, int32_t *up_heads)
{
    int32_t *child = malloc(sizeof(int32_t) * (size_t)(n + 1)), *sibling = malloc(sizeof(int32_t) * (size_t)(n + 1));
    int32_t *seen = malloc(sizeof(int32_t) * (size_t)(n + 1));
    int64_t used = 0;
    if (!child || !sibling || !seen) {
        used = -2;
        goto done;
    }
    for (int64_t v = 0; v < n; v++) child[v] = sibling[v] = seen[v] = -1;
    for (int64_t v = 0; v < n; v++) {
        int64_t first = used;
        up_ptr[v] = first;
        seen[v] = (int32_t)v;
        for (int64_t k = ptr[v]; k < ptr[v + 1]; k++) {
            int32_t w = heads[k];
            if (w > v && seen[w] != v) {
                if (used == room) { used = -1; goto done; }
                seen[w] = (int32_t)v;
                up_heads[used++] = w;
            }
        }
        for (int32_t c = child[v]; c >= 0; c = sibling[c])
            for (int64_t k = up_ptr[c]; k < up_ptr[c + 1]; k++) {
                int32_t w = up_heads[k];
                if (seen[w] != v) {
                    if (used == room) { used = -1; goto done; }
                    seen[w] = (int32_t)v;
                    up_heads[used++] = w;
                }
            }
        up_ptr[v + 1] = used;
        if (used > first) {
            qsort(up_heads + first, (size_t)(used - first), sizeof(int32_t), ascending);
            int32_t parent = up_heads[first];
            sibling[v] = child[parent];
            child[parent] = (int32_t)v;
        }
    }
done:
    free(child);
    free(sibling);
    free(seen);
    return used;
}

static uint32_t sum(uint32_t a, uint32_t b)
{
    uint32_t both = a + b;
    return both < FAR ? both : FAR;
}

static void lower(uint32_t *value, uint32_t other)
{
    if (other < *value) *value = other;
}

/* Weights of all arcs by way of lower vertices, then by way of higher ones: afterwards every arc is as long as the shortest way.
   `climb[k]` is the arc up from the vertex, `fall[k]` the one back down to it. `by_lower` keeps what the first half gave. */
SHARED void sweep_customise(int64_t n, const int64_t *ptr, const int32_t *heads, uint32_t *climb, uint32_t *fall, uint32_t *climb_by_lower, uint32_t *fall_by_lower)
{
    for (int half = 0; half < 2; half++) {
        for (int64_t step = 0; step < n; step++) {
            int64_t v = half ? n - 1 - step : step;
            for (int64_t i = ptr[v]; i < ptr[v + 1]; i++) {
                int64_t k = ptr[heads[i]];
                for (int64_t j = i + 1; j < ptr[v + 1]; j++, k++) {
                    while (heads[k] != heads[j]) k++;
                    if (half) {
                        lower(&climb[j], sum(climb[i], climb[k]));
                        lower(&climb[i], sum(climb[j], fall[k]));
                        lower(&fall[j], sum(fall[k], fall[i]));
                        lower(&fall[i], sum(climb[k], fall[j]));
                    } else {
                        lower(&climb[k], sum(fall[i], climb[j]));
                        lower(&fall[k], sum(fall[j], climb[i]));
                    }
                }
            }
        }
        if (!half) {
            memcpy(climb_by_lower, climb, sizeof(uint32_t) * (size_t)ptr[n]);
            memcpy(fall_by_lower, fall, sizeof(uint32_t) * (size_t)ptr[n]);
        }
    }
}

/* The vertices from which a target is reached downwards, the most important first: all ancestors of the targets. `place` gets the
   number of each vertex among them, or -1. Returns how many there are. */
SHARED int64_t sweep_select(int64_t n, const int32_t *parent, int64_t count, const int32_t *targets, int32_t *place, int32_t *chosen)
{
    int64_t kept = 0;
    memset(place, 0xff, sizeof(int32_t) * (size_t)n);
    for (int64_t t = 0; t < count; t++)
        for (int32_t v = targets[t]; v >= 0 && place[v] < 0; v = parent[v]) {
            place[v] = 0;
            chosen[kept++] = v;
        }
    qsort(chosen, (size_t)kept, sizeof(int32_t), ascending);
    for (int64_t k = 0; k < kept / 2; k++) {
        int32_t other = chosen[kept - 1 - k];
        chosen[kept - 1 - k] = chosen[k];
        chosen[k] = other;
    }
    for (int64_t k = 0; k < kept; k++) place[chosen[k]] = (int32_t)k;
    return kept;
}

/* Upwards from one place, entered by two vertices, along the tree of elimination; what is reached goes into the lane. */
static void climb_from(const int32_t *seeds, const uint32_t *ticks, const int32_t *parent, const int64_t *ptr, const int32_t *heads, const uint32_t *weights, const int32_t *place, uint32_t *reached, uint32_t *lane)
{
    int32_t a = ticks[0] < FAR ? seeds[0] : -1, b = ticks[1] < FAR ? seeds[1] : -1;
    if (a >= 0) lower(&reached[a], ticks[0]);
    if (b >= 0) lower(&reached[b], ticks[1]);
    while (a >= 0 || b >= 0) {
        int32_t v = b < 0 || (a >= 0 && a < b) ? a : b;
        uint32_t far = reached[v];
        reached[v] = FAR;
        if (far < FAR) {
            for (int64_t k = ptr[v]; k < ptr[v + 1]; k++) lower(&reached[heads[k]], sum(far, weights[k]));
            if (place[v] >= 0) lane[(int64_t)place[v] * LANES] = far;
        }
        if (a == v) a = parent[v];
        if (b == v) b = parent[v];
    }
}

/* Downwards for sixteen origins at once. */
WIDE static void fall_to(int64_t kept, const int64_t *ptr, const int32_t *heads, const uint32_t *weights, uint32_t *lanes)
{
    for (int64_t v = 0; v < kept; v++) {
        uint32_t here[LANES];
        memcpy(here, lanes + v * LANES, sizeof here);
        for (int64_t k = ptr[v]; k < ptr[v + 1]; k++) {
            const uint32_t *from = lanes + (int64_t)heads[k] * LANES;
            uint32_t weight = weights[k];
            for (int l = 0; l < LANES; l++) {
                uint32_t by = from[l] + weight;
                here[l] = by < here[l] ? by : here[l];
            }
        }
        memcpy(lanes + v * LANES, here, sizeof here);
    }
}

/* Minutes of sixteen origins to every destination, doors included. A destination's vertices are numbers among those selected;
   `kept` is one that nothing reaches. */
WIDE static void arrive(int64_t columns, const int32_t *places, const uint32_t *ticks, const double *leaving, const double *arriving, double per_minute, double entry, double cutoff, const uint32_t *lanes, int64_t used, double *minutes)
{
    for (int64_t j = 0; j < columns; j++) {
        const uint32_t *first = lanes + (int64_t)places[2 * j] * LANES, *second = lanes + (int64_t)places[2 * j + 1] * LANES;
        uint32_t one = ticks[2 * j], two = ticks[2 * j + 1];
        double here[LANES];
        for (int l = 0; l < LANES; l++) {
            uint32_t a = first[l] < FAR ? first[l] + one : UINT32_MAX, b = second[l] < FAR ? second[l] + two : UINT32_MAX;
            uint32_t least = a < b ? a : b;
            double value = (double)least;
            value = value >= 2 * entry ? value - 2 * entry : value;
            value = value >= entry ? value - entry : value;
            value = value / per_minute + leaving[l] + arriving[j];
            here[l] = least == UINT32_MAX || value > cutoff ? INFINITY : value;
        }
        for (int64_t l = 0; l < used; l++) minutes[l * columns + j] = here[l];
    }
}

/* The whole table, row by row; `seeds` and `places` hold two vertices per place. Returns 0, or -2 without memory. */
SHARED int sweep_table(int64_t n, const int32_t *parent, const int64_t *up_ptr, const int32_t *up_heads, const uint32_t *up_weights,
                       const int32_t *place, int64_t kept, const int64_t *down_ptr, const int32_t *down_heads, const uint32_t *down_weights,
                       int64_t rows, const int32_t *seeds, const uint32_t *seed_ticks, const double *leaving,
                       int64_t columns, const int32_t *places, const uint32_t *place_ticks, const double *arriving,
                       double per_minute, double entry, double cutoff, double *minutes)
{
    uint32_t *reached = malloc(sizeof(uint32_t) * (size_t)n);
    uint32_t *lanes = malloc(sizeof(uint32_t) * LANES * (size_t)(kept + 1));
    if (!reached || !lanes) {
        free(reached);
        free(lanes);
        return -2;
    }
    for (int64_t v = 0; v < n; v++) reached[v] = FAR;
    for (int64_t first = 0; first < rows; first += LANES) {
        int64_t used = rows - first < LANES ? rows - first : LANES;
        double doors[LANES] = {0};
        for (int64_t k = 0; k < (kept + 1) * LANES; k++) lanes[k] = FAR;
        for (int64_t l = 0; l < used; l++) {
            doors[l] = leaving[first + l];
            climb_from(seeds + 2 * (first + l), seed_ticks + 2 * (first + l), parent, up_ptr, up_heads, up_weights, place, reached, lanes + l);
        }
        fall_to(kept, down_ptr, down_heads, down_weights, lanes);
        arrive(columns, places, place_ticks, doors, arriving, per_minute, entry, cutoff, lanes, used, minutes + first * columns);
    }
    free(reached);
    free(lanes);
    return 0;
}
