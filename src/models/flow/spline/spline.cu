// Rational-quadratic splines and their gradients, an event and feature a thread: what ../spline.rs does in a
// hundred operations of libtorch, whose launches a GPU would wait for.
//
// Arrays are [members, features, batch] and raw numbers [members, features, 3 bins - 1, batch]; strides of members and
// features are given, that of events is one. The formulae and their source are those of spline.rs.
//
// spline.ptx is what CUDA 12.6's compiler (NVRTC, --gpu-architecture=compute_70 --std=c++17) makes of it, without its
// first comment; every driver since then compiles that for its GPU. After a change here, make it anew, as
// `nvcc --ptx -arch=compute_70 -std=c++17 spline.cu` of CUDA 12 does too, and run `cargo test --test gpu` on a GPU.

#ifndef REAL
#define REAL float
#endif
typedef REAL real;

// Bins are few, and their number is known when it runs only: unrolled loops would be long and no faster.
#ifdef __CUDACC__
#define LOOP _Pragma("unroll 1") for
#else
#define LOOP for
#endif

// The smallest share of the range that a bin takes, and the smallest slope.
#define SMALLEST ((real)1e-3)

struct Shape {
  int members, features, batch, bins;
  real tail, shift;  // where the tails begin; the raw slope whose slope is one
};

// Where an array's values lie.
struct Strides {
  int member, feature;
};

struct Place {
  int member, feature, event;
};

static __device__ inline bool place_of(const Shape &shape, Place &place) {
  int index = blockIdx.x * blockDim.x + threadIdx.x;
  if (index >= shape.members * shape.features * shape.batch) return false;
  place.event = index % shape.batch;
  place.feature = index / shape.batch % shape.features;
  place.member = index / shape.batch / shape.features;
  return true;
}

static __device__ inline long at(const Place &place, const Strides &strides) {
  return (long)place.member * strides.member + (long)place.feature * strides.feature + place.event;
}

static __device__ inline real softplus(real x) { return x > (real)20 ? x : log1p(exp(x)); }

// Shares of a range, from raw numbers of which each is `batch` behind the one before.
struct Shares {
  const real *raw;
  int batch, bins;
  real largest, sum;

  __device__ Shares(const real *raw, int batch, int bins) : raw(raw), batch(batch), bins(bins) {
    largest = raw[0];
    LOOP (int bin = 1; bin < bins; ++bin) largest = fmax(largest, raw[bin * batch]);
    sum = 0;
    LOOP (int bin = 0; bin < bins; ++bin) sum += exp(raw[bin * batch] - largest);
  }

  __device__ real share(int bin) const { return exp(raw[bin * batch] - largest) / sum; }

  __device__ real size(int bin, real range) const {
    return share(bin) * (range * (1 - bins * SMALLEST)) + range * SMALLEST;
  }
};

// The bin of a value, and the terms of its rational function.
struct Bin {
  int index;
  real left, width, bottom, height, first, last;
  real xi, hill, mean, above, below, slope_above;

  // Finds the bin in which `value` lies along one axis, and the same bin along the other.
  __device__ void find(const Shape &shape, const Shares &searched, const Shares &other, real value, bool is_input,
                       const real *slopes) {
    real range = 2 * shape.tail, edge = -shape.tail, size = 0;
    index = 0;
    LOOP (;; ++index) {
      size = searched.size(index, range);
      if (index + 1 == shape.bins || edge + size > value) break;
      edge += size;
    }
    real other_edge = -shape.tail;
    LOOP (int bin = 0; bin < index; ++bin) other_edge += other.size(bin, range);
    real other_size = other.size(index, range);
    left = is_input ? edge : other_edge;
    width = is_input ? size : other_size;
    bottom = is_input ? other_edge : edge;
    height = is_input ? other_size : size;
    first = index == 0 ? 1 : softplus(slopes[(index - 1) * shape.batch] + shape.shift) + SMALLEST;
    last = index + 1 == shape.bins ? 1 : softplus(slopes[index * shape.batch] + shape.shift) + SMALLEST;
    mean = height / width;
  }

  __device__ void terms(real share) {
    xi = share;
    hill = xi * (1 - xi);
    above = mean * xi * xi + first * hill;
    below = mean + (first + last - 2 * mean) * hill;
    slope_above = last * xi * xi + first * (1 - xi) * (1 - xi) + 2 * mean * hill;
  }

  __device__ real log_slope() const { return log(mean * mean * slope_above) - 2 * log(below); }

  // The derivative of the logarithm of the slope by xi, at fixed knots.
  __device__ real log_slope_by_share() const {
    real turn = 1 - 2 * xi;
    real d_slope_above = 2 * (last * xi + mean * turn - first * (1 - xi));
    return d_slope_above / slope_above - 2 * (first + last - 2 * mean) * turn / below;
  }
};

// The spline of a place at an input.
struct Spline {
  Shares widths, heights;
  const real *slopes;
  bool inside;
  Bin bin;

  __device__ Spline(const Shape &shape, const real *raw)
      : widths(raw, shape.batch, shape.bins),
        heights(raw + (long)shape.bins * shape.batch, shape.batch, shape.bins),
        slopes(raw + 2L * shape.bins * shape.batch) {}

  __device__ void at_input(const Shape &shape, real x) {
    inside = fabs(x) < shape.tail;
    real clamped = fmin(fmax(x, -shape.tail), shape.tail);
    bin.find(shape, widths, heights, clamped, true, slopes);
    bin.terms(fmin(fmax((clamped - bin.left) / bin.width, (real)0), (real)1));
  }
};

// The gradients of a spline's raw numbers and, as the result, of its input.
static __device__ real raw_gradient(const Shape &shape, const Spline &spline, real d_value, real d_log_slope,
                                    real *d_raw) {
  const Bin &bin = spline.bin;
  real inside = spline.inside ? 1 : 0;
  real d_y = d_value * inside, d_l = d_log_slope * inside;
  real slope = spline.inside ? exp(bin.log_slope()) : 1;
  real d_xi = d_y * slope * bin.width + d_l * bin.log_slope_by_share();
  real share = 1 - 2 * bin.hill, rest = 1 - bin.xi, below_squared = bin.below * bin.below;
  real d_mean = d_y * bin.height * (bin.xi * bin.xi * bin.below - bin.above * share) / below_squared +
                d_l * (2 * (bin.hill / bin.slope_above - share / bin.below) + 2 / bin.mean);
  real d_first = d_y * bin.height * bin.hill * (bin.below - bin.above) / below_squared +
                 d_l * (rest * rest / bin.slope_above - 2 * bin.hill / bin.below);
  real d_last = d_l * (bin.xi * bin.xi / bin.slope_above - 2 * bin.hill / bin.below) -
                d_y * bin.height * bin.hill * bin.above / below_squared;
  real d_left = -d_xi / bin.width;
  real d_width = -(d_xi * bin.xi + d_mean * bin.mean) / bin.width;
  real d_height = d_y * bin.above / bin.below + d_mean / bin.width;

  real scale = 2 * shape.tail * (1 - shape.bins * SMALLEST);
  LOOP (int part = 0; part < 2; ++part) {
    const Shares &shares = part == 0 ? spline.widths : spline.heights;
    real d_edge = scale * (part == 0 ? d_left : d_y), d_size = scale * (part == 0 ? d_width : d_height);
    // The lower edge of the bin is the sum of all sizes below it.
    real mean = shares.share(bin.index) * d_size;
    LOOP (int j = 0; j < bin.index; ++j) mean += shares.share(j) * d_edge;
    LOOP (int j = 0; j < shape.bins; ++j) {
      real d = j < bin.index ? d_edge : j == bin.index ? d_size : 0;
      d_raw[(long)(part * shape.bins + j) * shape.batch] = (d - mean) * shares.share(j);
    }
  }
  // Inner knot j is the right one of bin j and the left one of bin j + 1.
  LOOP (int j = 0; j + 1 < shape.bins; ++j) {
    real d = j == bin.index ? d_last : j + 1 == bin.index ? d_first : 0;
    real by_raw = d == 0 ? 0 : 1 / (1 + exp(-(spline.slopes[(long)j * shape.batch] + shape.shift)));
    d_raw[(2L * shape.bins + j) * shape.batch] = d * by_raw;
  }
  return d_value * (1 - inside) - d_left;
}

static __device__ inline long raw_at(const Place &place, const Shape &shape) {
  return ((long)place.member * shape.features + place.feature) * (3 * shape.bins - 1) * shape.batch + place.event;
}

extern "C" __global__ void spline_forward(Shape shape, const real *x, Strides x_strides, const real *raw,
                                          Strides raw_strides, real *value, real *log_slope) {
  Place place;
  if (!place_of(shape, place)) return;
  Spline spline(shape, raw + at(place, raw_strides));
  real input = x[at(place, x_strides)];
  spline.at_input(shape, input);
  const Bin &bin = spline.bin;
  long out = ((long)place.member * shape.features + place.feature) * shape.batch + place.event;
  value[out] = spline.inside ? bin.bottom + bin.height * (bin.above / bin.below) : input;
  log_slope[out] = spline.inside ? bin.log_slope() : 0;
}

extern "C" __global__ void spline_inverse(Shape shape, const real *y, Strides y_strides, const real *raw,
                                          Strides raw_strides, real *x) {
  Place place;
  if (!place_of(shape, place)) return;
  Spline spline(shape, raw + at(place, raw_strides));
  real output = y[at(place, y_strides)];
  bool inside = fabs(output) < shape.tail;
  real clamped = fmin(fmax(output, -shape.tail), shape.tail);
  Bin &bin = spline.bin;
  bin.find(shape, spline.heights, spline.widths, clamped, false, spline.slopes);
  real rise = clamped - bin.bottom, bend = bin.first + bin.last - 2 * bin.mean;
  // a xi^2 + b xi + c = 0, by the formula that does not cancel.
  real a = bin.height * (bin.mean - bin.first) + rise * bend;
  real b = bin.height * bin.first - rise * bend;
  real c = -bin.mean * rise;
  real root = sqrt(fmax(b * b - 4 * a * c, (real)0));
  real xi = fmin(fmax(2 * c / (-b - root), (real)0), (real)1);
  long out = ((long)place.member * shape.features + place.feature) * shape.batch + place.event;
  x[out] = inside ? bin.left + xi * bin.width : output;
}

extern "C" __global__ void spline_backward(Shape shape, const real *x, Strides x_strides, const real *raw,
                                           Strides raw_strides, const real *d_value, Strides d_value_strides,
                                           const real *d_log_slope, Strides d_log_slope_strides, real *d_input,
                                           real *d_raw) {
  Place place;
  if (!place_of(shape, place)) return;
  Spline spline(shape, raw + at(place, raw_strides));
  spline.at_input(shape, x[at(place, x_strides)]);
  long out = ((long)place.member * shape.features + place.feature) * shape.batch + place.event;
  d_input[out] = raw_gradient(shape, spline, d_value[at(place, d_value_strides)],
                              d_log_slope[at(place, d_log_slope_strides)], d_raw + raw_at(place, shape));
}

// Where the spline was inverted: `x` are the values found, `d_input` their gradients, and `d_y` those of what was given.
extern "C" __global__ void spline_backward_inverse(Shape shape, const real *x, Strides x_strides, const real *raw,
                                                   Strides raw_strides, const real *d_input,
                                                   Strides d_input_strides, const real *d_log_slope,
                                                   Strides d_log_slope_strides, real *d_y, real *d_raw) {
  Place place;
  if (!place_of(shape, place)) return;
  Spline spline(shape, raw + at(place, raw_strides));
  spline.at_input(shape, x[at(place, x_strides)]);
  real d_log = d_log_slope[at(place, d_log_slope_strides)];
  real slope = spline.inside ? exp(spline.bin.log_slope()) : 1;
  real bend = spline.inside ? spline.bin.log_slope_by_share() / spline.bin.width : 0;
  real gradient = (d_input[at(place, d_input_strides)] - d_log * bend) / slope;
  long out = ((long)place.member * shape.features + place.feature) * shape.batch + place.event;
  d_y[out] = gradient;
  raw_gradient(shape, spline, -gradient, -d_log, d_raw + raw_at(place, shape));
}
