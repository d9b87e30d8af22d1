// The gradient of libtorch's layer normalisation, which tch does not have since it answers with three tensors.
//
// No header of libtorch is needed: the function is linked by the name that it has in the release of libtorch that tch is made for,
// which says what it takes. Its types are mirrored here under names of our own, so that none of libtorch's functions is defined twice.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <new>
#include <optional>
#include <tuple>

namespace drapes_shim {

// at::Tensor: a counted pointer. Whoever gets one owns a count, which nothing here gives back.
class Tensor {
 public:
  Tensor(const Tensor &) = delete;
  ~Tensor() {}

  void *pointer;
};

// c10::ArrayRef<c10::SymInt>: a size that is a plain number is that number.
struct Sizes {
  const std::int64_t *first;
  std::size_t count;
};

using Gradients = std::tuple<Tensor, Tensor, Tensor>;

Gradients native_layer_norm_backward(const Tensor &d_out, const Tensor &input, Sizes normalised, const Tensor &mean,
                                     const Tensor &inverse_deviation, const std::optional<Tensor> &weight,
                                     const std::optional<Tensor> &bias, std::array<bool, 3> asked_for)
    __asm__(
        "_ZN2at4_ops26native_layer_norm_backward4callERKNS_6TensorES4_N3c108ArrayRefINS5_6SymIntEEES4_S4_RKSt8optionalIS2_ESC_"
        "St5arrayIbLm3EE");

}  // namespace drapes_shim

using drapes_shim::Tensor;

// The gradient of the input, as a tensor that the caller owns; none, with the reason in `text`, where libtorch throws.
extern "C" void *drapes_layer_norm_backward(const Tensor *d_out, const Tensor *input, std::int64_t width, const Tensor *mean,
                                            const Tensor *inverse_deviation, char *text, std::size_t length) {
  try {
    const std::optional<Tensor> none;
    const drapes_shim::Gradients gradients = drapes_shim::native_layer_norm_backward(
        *d_out, *input, {&width, 1}, *mean, *inverse_deviation, none, none, {true, false, false});
    // As `new at::Tensor` would lie: tch deletes it.
    void **tensor = static_cast<void **>(::operator new(sizeof(void *)));
    *tensor = std::get<0>(gradients).pointer;
    return tensor;
  } catch (const std::exception &error) {
    std::strncpy(text, error.what(), length - 1);
  } catch (...) {
    std::strncpy(text, "an exception without a text", length - 1);
  }
  text[length - 1] = '\0';
  return nullptr;
}
