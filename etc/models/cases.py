"""The networks to check: what each is, its batch, its task, and how its checkpoint is written."""

from dataclasses import dataclass
from typing import Callable, Optional

import architectures
import pretrained as hf
import sequences
import signals
import torch
import vision
from reference import first
from torch import nn

EXAMPLES = 8


@dataclass
class Case:
    """One network with a batch; `inputs` by the names of forward's arguments if `by_name`."""

    model: nn.Module
    inputs: dict
    targets: torch.Tensor
    task: str
    mask: Optional[torch.Tensor] = None
    #: Whether the batch leaves the targets out: a language model's are its inputs.
    implied: bool = False
    by_name: bool = False
    #: Whether the model takes and gives sequences with the examples on the second axis.
    sequence_first: bool = False
    #: How the checkpoint is written: torch, prefixed, safetensors, trained (what is trained and nothing else).
    checkpoint: str = "torch"
    #: How the graph is exported: plain (make_probe), optimized, older, inside.
    export: str = "plain"
    #: The code of the problem with which such a graph must be refused.
    refused: str = ""


    def predict(self, inputs):
        """The model's prediction, examples first, of inputs that have them first."""
        if self.sequence_first:
            inputs = {key: value.transpose(0, 1) for key, value in inputs.items()}
        output = first(self.model(**inputs) if self.by_name else self.model(*inputs.values()))
        return output.transpose(0, 1) if self.sequence_first and output.dim() > 2 else output


def classes(generator, count, *shape):
    return torch.randint(0, count, (EXAMPLES, *shape), generator=generator)


def images(model, channels=3, size=16, count=10, **options):
    def build(generator):
        x = torch.randn(EXAMPLES, channels, size, size, generator=generator)
        return Case(model(), {"input": x}, classes(generator, count), "classification", **options)
    return build


def vectors(model, width, count, **options):
    def build(generator):
        x = torch.randn(EXAMPLES, width, generator=generator)
        return Case(model(), {"input": x}, classes(generator, count), "classification", **options)
    return build


def words(model, count, vocabulary=12, length=6, **options):
    def build(generator):
        x = classes(generator, vocabulary, length)
        return Case(model(), {"input": x}, classes(generator, count), "classification", **options)
    return build


def language(model, vocabulary, length=7, **options):
    def build(generator):
        x = classes(generator, vocabulary, length)
        return Case(model(), {"input": x}, x, "language-model", implied=True, **options)
    return build


def causal(model, masked=False, **options):
    """A Hugging Face causal model; `masked`: sequences of different lengths, padding ignored."""
    def build(generator):
        if not masked:
            x = classes(generator, hf.WORDS, hf.LENGTH)
            return Case(model(), {"input_ids": x}, x, "language-model", implied=True, by_name=True, **options)
        batch = hf.padded(EXAMPLES, generator)
        target = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
        return Case(model(), batch, target, "language-model", by_name=True, **options)
    return build


def sentences(model, count, **options):
    def build(generator):
        batch = hf.padded(EXAMPLES, generator)
        return Case(model(), batch, classes(generator, count), "classification", by_name=True, **options)
    return build


def tokens(model, count, **options):
    def build(generator):
        batch = hf.padded(EXAMPLES, generator)
        target = classes(generator, count, hf.LENGTH).masked_fill(batch["attention_mask"] == 0, -100)
        return Case(model(), batch, target, "token-classification", by_name=True, **options)
    return build


def masked(model, **options):
    def build(generator):
        x = torch.randint(1, hf.WORDS, (EXAMPLES, hf.LENGTH), generator=generator)
        hidden = torch.rand(x.shape, generator=generator) < 0.3
        hidden[:, 2] = True
        batch = {"input_ids": x.masked_fill(hidden, 0), "attention_mask": torch.ones_like(x)}
        return Case(
            model(), batch, x.masked_fill(~hidden, -100), "masked-language-model", by_name=True, **options)
    return build


def pixels(model, channels=2, size=8, output=None, count=3, key="input", **options):
    def build(generator):
        x = torch.randn(EXAMPLES, channels, size, size, generator=generator)
        target = classes(generator, count, output or size, output or size)
        target[:, 0, 0] = 255
        return Case(model(), {key: x}, target, "segmentation", by_name=key != "input", **options)
    return build


def regression(model, *shape, target=None, **options):
    def build(generator):
        x = torch.randn(EXAMPLES, *shape, generator=generator)
        y = torch.randn(EXAMPLES, *(target or shape), generator=generator)
        return Case(model(), {"input": x}, y, "regression", **options)
    return build


def multi_label(generator):
    x = torch.randn(EXAMPLES, 3, 8, 8, generator=generator)
    y = torch.randint(0, 2, (EXAMPLES, 6), generator=generator)
    y[0, 1] = -100
    return Case(vision.Normalised(), {"input": x}, y, "multi-label")


def multi_label_text(generator):
    batch = hf.padded(EXAMPLES, generator)
    y = torch.randint(0, 2, (EXAMPLES, 5), generator=generator).float()
    model = hf.bert("SequenceClassification", num_labels=5, problem_type="multi_label_classification")
    return Case(model, batch, y, "multi-label", by_name=True)


def two_inputs(generator):
    image = torch.randn(EXAMPLES, 1, 8, 8, generator=generator)
    facts = torch.randn(EXAMPLES, 6, generator=generator)
    return Case(
        vision.TwoInputs(), {"image": image, "facts": facts}, classes(generator, 5), "classification",
        by_name=True)


def pictures(model, size, count, **options):
    def build(generator):
        x = torch.randn(EXAMPLES, 3, size, size, generator=generator)
        return Case(
            model(), {"pixel_values": x}, classes(generator, count), "classification", by_name=True,
            **options)
    return build


def series(model, length, width, count, **options):
    def build(generator):
        x = torch.randn(EXAMPLES, length, width, generator=generator)
        return Case(model(), {"input": x}, classes(generator, count), "classification", **options)
    return build


def volumes(generator):
    x = torch.randn(EXAMPLES, 1, 8, 8, 8, generator=generator)
    return Case(vision.Volumes(), {"input": x}, classes(generator, 4), "classification")


def voxels(generator):
    """A label per voxel."""
    x = torch.randn(EXAMPLES, 1, 8, 4, 4, generator=generator)
    return Case(architectures.UNet3D(), {"input": x}, classes(generator, 3, 8, 4, 4), "segmentation")


def denoising(generator):
    x = torch.randn(EXAMPLES, 1, 8, 8, generator=generator)
    t = classes(generator, 100)
    y = torch.randn(x.shape, generator=generator)
    return Case(architectures.DenoisingUNet(), {"x": x, "t": t}, y, "regression", by_name=True)


def film(generator):
    image = torch.randn(EXAMPLES, 1, 8, 8, generator=generator)
    batch = {"image": image, "kind": classes(generator, 4)}
    return Case(architectures.FiLM(), batch, classes(generator, 5), "classification", by_name=True)


def gated(generator):
    batch = {"x": torch.randn(EXAMPLES, 6, generator=generator), "mask": torch.rand(EXAMPLES, 6, generator=generator)}
    return Case(architectures.Gated(), batch, classes(generator, 4), "classification", by_name=True)


def resampled(generator):
    x = torch.randn(EXAMPLES, 1, 6, 5, generator=generator)
    return Case(architectures.Resampled(), {"input": x}, classes(generator, 4), "classification")


def siamese(generator):
    batch = {k: torch.randn(EXAMPLES, 1, 8, 8, generator=generator) for k in ("left", "right")}
    return Case(architectures.Siamese(), batch, classes(generator, 2), "classification", by_name=True)


def tabular(generator):
    batch = {"kinds": classes(generator, 5, 2), "numbers": torch.randn(EXAMPLES, 4, generator=generator)}
    return Case(architectures.GatedMLP(), batch, classes(generator, 4), "classification", by_name=True)


def super_resolution(generator):
    x = torch.randn(EXAMPLES, 1, 5, 5, generator=generator)
    y = torch.randn(EXAMPLES, 1, 10, 10, generator=generator)
    return Case(architectures.SuperResolution(), {"input": x}, y, "regression")


def translation(generator, batch_first=True):
    batch = {"source": classes(generator, 11, 6), "target": classes(generator, 11, 5)}
    return Case(
        signals.Translator(batch_first=batch_first), batch, classes(generator, 11, 5),
        "token-classification", by_name=True)


def times(model, **options):
    """A label for each time."""
    def build(generator):
        x = torch.randn(EXAMPLES, 5, 3, generator=generator)
        return Case(model(), {"input": x}, classes(generator, 4, 5), "token-classification", **options)
    return build


def word_times(generator):
    x = classes(generator, 12, 5)
    return Case(
        signals.TimeFirstWords(), {"input": x}, classes(generator, 4, 5), "token-classification",
        sequence_first=True)


def graphs(generator):
    edges = (torch.rand(EXAMPLES, 5, 5, generator=generator) < 0.4).float()
    batch = {"nodes": torch.randn(EXAMPLES, 5, 4, generator=generator), "edges": edges}
    return Case(signals.Graph(), batch, classes(generator, 3), "classification", by_name=True)


def edge_lists(generator):
    """Edges as pairs of nodes, some of them twice."""
    batch = {"nodes": torch.randn(EXAMPLES, 5, 4, generator=generator), "edges": classes(generator, 5, 2, 9)}
    return Case(signals.GraphAttention(), batch, classes(generator, 3), "classification", by_name=True)


def sequence_to_sequence(model, **options):
    """An encoder's padded tokens, and the decoder's, of which each position has a label."""
    def build(generator):
        batch = {**hf.padded(EXAMPLES, generator), "decoder_input_ids": classes(generator, hf.WORDS, 5)}
        target = classes(generator, hf.WORDS, 5)
        return Case(model(), batch, target, "token-classification", by_name=True, **options)
    return build


def waves(model, length, count, **options):
    """Sounds under Hugging Face's name for them."""
    def build(generator):
        x = torch.randn(EXAMPLES, length, generator=generator)
        return Case(
            model(), {"input_values": x}, classes(generator, count), "classification", by_name=True,
            **options)
    return build


CASES: dict[str, Callable[[torch.Generator], Case]] = {
    "mlp": vectors(vision.MLP, 20, 10),
    "mlp-tanh-prefixed": vectors(lambda: vision.MLP(act=nn.Tanh), 20, 10, checkpoint="prefixed"),
    "all-cnn": images(vision.AllCNN),
    "vgg": images(vision.VGG),
    "resnet18": images(vision.ResNet18, size=32),
    "mobilenet-v2": images(vision.MobileNetV2),
    "efficientnet": images(vision.EfficientNet),
    "convnext": images(vision.ConvNeXt, size=32),
    "one-place": images(vision.OnePlace, size=4),
    "norms": images(vision.Normalised, size=8, count=6),
    "volumes": volumes,
    "unet": pixels(vision.UNet),
    "autoencoder": regression(vision.Autoencoder, 1, 8, 8),
    "tied-autoencoder": regression(vision.TiedAutoencoder, 12),
    "regressor": regression(lambda: vision.MLP((6, 10, 3), nn.SiLU), 6, target=(3,)),
    "multi-label": multi_label,
    "two-inputs": two_inputs,
    "experts": vectors(vision.Experts, 8, 5),
    "lstm": words(lambda: sequences.Recurrent(nn.LSTM), 5),
    "lstm-deep": words(
        lambda: sequences.Recurrent(nn.LSTM, num_layers=2, bidirectional=True), 5),
    "gru": words(lambda: sequences.Recurrent(nn.GRU), 5),
    "rnn": words(lambda: sequences.Recurrent(nn.RNN), 5),
    "lstm-language": language(sequences.RecurrentLanguage, 11),
    "attention": series(sequences.Attentive, 6, 5, 4),
    "transformer-encoder": words(sequences.Encoder, 4),
    "text-cnn": words(sequences.TextCNN, 4, vocabulary=20, length=9),
    "nanogpt": language(sequences.NanoGPT, 13),
    "state-space": series(sequences.DiagonalStateSpace, 6, 3, 4),
    "vit": pictures(hf.vit, 12, 6, checkpoint="safetensors"),
    "convnext-hf": pictures(hf.convnext, 16, 5, checkpoint="safetensors"),
    "resnet-hf": pictures(hf.resnet, 32, 5, checkpoint="safetensors"),
    "segformer": pixels(
        hf.segformer, 3, 16, output=8, key="pixel_values", checkpoint="safetensors"),
    "bert": sentences(lambda: hf.bert("SequenceClassification", num_labels=4), 4, checkpoint="safetensors"),
    "bert-tokens": tokens(lambda: hf.bert("TokenClassification", num_labels=4), 4, checkpoint="safetensors"),
    "bert-masked": masked(lambda: hf.bert("MaskedLM"), checkpoint="safetensors"),
    "bert-multi-label": multi_label_text,
    "distilbert": sentences(hf.distilbert, 4, checkpoint="safetensors"),
    "albert": sentences(hf.albert, 4, checkpoint="safetensors"),
    "roberta": sentences(hf.roberta, 4, checkpoint="safetensors"),
    "electra": tokens(hf.electra, 4, checkpoint="safetensors"),
    "gpt2": causal(hf.gpt2, checkpoint="safetensors"),
    "gpt2-padded": causal(hf.gpt2, masked=True, checkpoint="safetensors"),
    "gpt-neox": causal(hf.gpt_neox, checkpoint="safetensors"),
    "opt": causal(hf.opt, masked=True, checkpoint="safetensors"),
    "llama": causal(lambda: hf.decoder("Llama"), checkpoint="safetensors"),
    "llama-padded": causal(lambda: hf.decoder("Llama"), masked=True, checkpoint="safetensors"),
    "mistral": causal(lambda: hf.decoder("Mistral", sliding_window=4), checkpoint="safetensors"),
    "qwen2": causal(
        lambda: hf.decoder("Qwen2", tie_word_embeddings=True), checkpoint="safetensors"),
    "qwen3": causal(lambda: hf.decoder("Qwen3", head_dim=8), checkpoint="safetensors"),
    "gemma": causal(
        lambda: hf.decoder("Gemma", head_dim=4, num_key_value_heads=1), checkpoint="safetensors"),
    "t5-encoder": tokens(hf.t5_encoder, 4, checkpoint="safetensors"),
    "mamba": causal(hf.mamba, checkpoint="safetensors"),
    **{
        kind.lower(): causal(lambda kind=kind: hf.small(kind, "ForCausalLM"), checkpoint="safetensors")
        for kind in (
            "Gemma2", "Gemma3Text", "Phi3", "Olmo2", "StableLm", "Starcoder2", "GPTJ", "Bloom", "Falcon",
            "Mpt", "Granite", "Glm", "Nemotron", "SmolLM3", "Lfm2")
    },
    "phi": causal(
        lambda: hf.small("Phi", "ForCausalLM", partial_rotary_factor=0.5), checkpoint="safetensors"),
    "mixtral": causal(lambda: hf.routed("Mixtral"), checkpoint="safetensors"),
    "qwen2-moe": causal(lambda: hf.routed("Qwen2Moe"), checkpoint="safetensors"),
    "t5": sequence_to_sequence(
        lambda: hf.small("T5", "ForConditionalGeneration"), checkpoint="safetensors"),
    "bart": sequence_to_sequence(
        lambda: hf.small("Bart", "ForConditionalGeneration"), checkpoint="safetensors"),
    "roberta-masked": masked(lambda: hf.small("Roberta", "ForMaskedLM"), checkpoint="safetensors"),
    "swin-hf": pictures(hf.swin, 16, 4, checkpoint="safetensors"),
    # Further architectures.
    "densenet": images(architectures.DenseNet),
    "inception": images(architectures.Inception),
    "shufflenet": images(architectures.ShuffleNet),
    "mobilenet-v3": images(architectures.MobileNetV3),
    "swin": images(architectures.Swin),
    "deeplab": pixels(architectures.DeepLab, size=16),
    "unet-3d": voxels,
    "denoising-unet": denoising,
    "film": film,
    "gated": gated,
    "resampled": resampled,
    "siamese": siamese,
    "parametrised": images(architectures.Parametrised, channels=1, size=8, count=5),
    "pointnet": series(architectures.PointNet, 9, 3, 5),
    "spatial-transformer": images(architectures.SpatialTransformer, channels=1, size=8, count=5),
    "mixer": images(architectures.Mixer),
    "forgetful": images(architectures.Forgetful, size=6, count=5),
    "quantised": regression(architectures.Quantised, 6),
    "standardised": images(architectures.Standardised, size=6, count=5),
    "deformable": images(architectures.Deformable, size=5, count=5),
    "global-filter": images(architectures.GlobalFilter, channels=1, size=8, count=5),
    "adapted": images(architectures.Adapted, size=8, count=6),
    "adapters-alone": images(architectures.AdaptersAlone, size=8, count=6, checkpoint="trained"),
    "super-resolution": super_resolution,
    "variational": regression(architectures.VariationalAutoencoder, 12),
    "tabular": tabular,
    "conformer": series(signals.Conformer, 9, 5, 4),
    "wavenet": language(signals.WaveNet, 12),
    "sound-cnn": series(signals.SoundCNN, 1, 64, 5),
    "gru-sequence-first": words(signals.SequenceFirst, 5),
    "lstm-sequence-first": words(lambda: signals.SequenceFirst(nn.LSTM), 5),
    "lstm-attentive": words(signals.AttentiveRecurrent, 4),
    "lstm-cell": words(signals.UnrolledCell, 4),
    "gru-cell": words(lambda: signals.UnrolledCell(nn.GRUCell), 4),
    "lstm-time-first": times(signals.TimeFirst, sequence_first=True),
    "gru-time-first": series(
        lambda: signals.TimeFirst(nn.GRU, whole=True), 5, 3, 4, sequence_first=True),
    "encoder-time-first": word_times,
    "translator": translation,
    "translator-sequence-first": lambda generator: translation(generator, batch_first=False),
    "padded-encoder": words(signals.PaddedEncoder, 4),
    "bag-of-words": words(signals.BagOfWords, 4),
    "bag-of-words-max": words(lambda: signals.BagOfWords(mode="max"), 4),
    "routed": vectors(signals.Routed, 8, 5),
    "routed-by-layer": vectors(signals.RoutedByLayer, 8, 5),
    "graph": graphs,
    "graph-attention": edge_lists,
    "retention": language(signals.Retention, 11),
    # Graphs that were exported in other ways.
    "mlp-inside": vectors(vision.MLP, 20, 10, export="inside"),
    "mlp-optimized": vectors(vision.MLP, 20, 10, export="optimized"),
    "nanogpt-optimized": language(
        sequences.NanoGPT, 13, export="optimized", refused="folded-weight"),
    "vgg-optimized": images(vision.VGG, export="optimized"),
    "densenet-optimized": images(architectures.DenseNet, export="optimized"),
    "resnet18-optimized": images(vision.ResNet18, size=32, export="optimized"),
    "unet-optimized": pixels(vision.UNet, export="optimized"),
    "norms-optimized": images(vision.Normalised, size=8, count=6, export="optimized"),
    "lstm-optimized": words(
        lambda: sequences.Recurrent(nn.LSTM, num_layers=2, bidirectional=True), 5,
        export="optimized"),
    "gru-optimized": words(lambda: sequences.Recurrent(nn.GRU), 5, export="optimized"),
    "attention-optimized": series(sequences.Attentive, 6, 5, 4, export="optimized"),
    "encoder-optimized": words(
        sequences.Encoder, 4, export="optimized", refused="folded-weight"),
    "vgg-older": images(vision.VGG, export="older", refused="folded-weight"),
    "norms-older": images(vision.Normalised, size=8, count=6, export="older"),
    "lstm-older": words(lambda: sequences.Recurrent(nn.LSTM), 5, export="older"),
    "lstm-deep-older": words(
        lambda: sequences.Recurrent(nn.LSTM, num_layers=2, bidirectional=True), 5, export="older"),
    "gru-older": words(lambda: sequences.Recurrent(nn.GRU), 5, export="older"),
    "rnn-older": words(lambda: sequences.Recurrent(nn.RNN), 5, export="older"),
    "attention-older": series(sequences.Attentive, 6, 5, 4, export="older"),
    "encoder-older": words(sequences.Encoder, 4, export="older", refused="folded-weight"),
    "square-optimized": series(sequences.Squares, 6, 5, 4, export="optimized"),
    "mlp-older": vectors(vision.MLP, 20, 10, export="older", checkpoint="prefixed"),
    "nanogpt-older": language(sequences.NanoGPT, 13, export="older"),
    "square-older": series(sequences.Squares, 6, 5, 4, export="older", checkpoint="prefixed"),
    "resnet18-unfolded-older": images(vision.ResNet18, size=32, export="older-unfolded"),
}
