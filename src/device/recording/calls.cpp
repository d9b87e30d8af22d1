// Calls into the CUDA half of libtorch, whose exceptions end here: Rust cannot catch what C++ throws.
//
// The functions are looked up by name when the library is loaded, so that this needs neither libtorch's headers nor
// CUDA's, and the program starts where there is no GPU. What is declared here mirrors c10/cuda/CUDAStream.h and
// ATen/cuda/CUDAGraph.h of the release of libtorch that tch is made for.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <utility>

namespace {

// c10::cuda::CUDAStream: a kind of device, its number, and the stream's.
struct Stream {
  std::int8_t kind;
  std::int8_t device;
  std::int64_t id;
};

using Pool = std::pair<unsigned long long, unsigned long long>;

// cudaStreamCaptureModeThreadLocal: what other threads do with the device does not end a recording.
constexpr int OWN_THREAD_ONLY = 1;

// Runs a call: 0, or 1 with the reason in `text`.
template <typename Call>
int guarded(char *text, std::size_t length, Call call) {
  try {
    call();
    return 0;
  } catch (const std::exception &error) {
    std::strncpy(text, error.what(), length - 1);
  } catch (...) {
    std::strncpy(text, "an exception without a text", length - 1);
  }
  text[length - 1] = '\0';
  return 1;
}

}  // namespace

extern "C" {

int drapes_current_stream(Stream (*current)(std::int8_t), std::int8_t device, Stream *found, char *text,
                          std::size_t length) {
  return guarded(text, length, [&] { *found = current(device); });
}

int drapes_stream_of_pool(Stream (*of_pool)(bool, std::int8_t), std::int8_t device, Stream *found, char *text,
                          std::size_t length) {
  return guarded(text, length, [&] { *found = of_pool(false, device); });
}

int drapes_use_stream(void (*use)(Stream), const Stream *stream, char *text, std::size_t length) {
  return guarded(text, length, [&] { use(*stream); });
}

int drapes_construct_graph(void (*construct)(void *, bool), void *graph, char *text, std::size_t length) {
  return guarded(text, length, [&] { construct(graph, false); });
}

int drapes_begin_graph(void (*begin)(void *, Pool, int), void *graph, char *text, std::size_t length) {
  return guarded(text, length, [&] { begin(graph, Pool{0, 0}, OWN_THREAD_ONLY); });
}

int drapes_call_graph(void (*method)(void *), void *graph, char *text, std::size_t length) {
  return guarded(text, length, [&] { method(graph); });
}
}
